"""Recipes with damage anywhere: read or refused with a sentence, and nothing else."""

from pathlib import Path

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.examples import examples
from workbench.recipe import read_recipe


def _seeds(place: Path) -> dict[str, bytes]:
    return {example.path.name: example.path.read_bytes() for example in examples(paths.resources() / "examples")}


def _read(name: str, content: bytes, place: Path) -> None:
    path = place / name
    path.write_bytes(content)
    read_recipe(path)


FUZZ = Fuzz(_seeds, _read, (UserError,))
GOAL = fuzzing_goal("Damaged recipes are read or refused", "mutated_recipes", 200, 200_000)
