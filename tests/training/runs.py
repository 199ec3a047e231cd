"""Small trainings for tests: a tenth of the digits, so that an epoch takes a blink."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

from workbench.core.events import Ending, Event
from workbench.core.run_folder import RunFolder, new_run
from workbench.recipe import recipe_from, title_of, to_toml
from workbench.training.worker import train_run

FEW_DIGITS = {"kind": "samples", "name": "digits", "validation": 0.45, "test": 0.45}
SMALL_NET = {"kind": "convnet", "widths": [4, 8], "hidden": [16]}


def small_recipe(*assignments: str, **sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain recipe of a training that takes well under a second."""
    training = {"epochs": 3, "batch_size": 32, "device": "cpu", "threads": 1, "precision": "float32"}
    return {"data": FEW_DIGITS, "architecture": SMALL_NET, "training": training, **sections}


def make_run(runs: Path, *assignments: str, **sections: Mapping[str, Any]) -> RunFolder:
    """Make a queued run of `small_recipe` with `assignments` applied."""
    recipe = recipe_from(small_recipe(**sections), assignments)
    return new_run(runs, title_of(recipe), to_toml(recipe))


class Seen:
    """Collects the events of a training, and may do something at one of them."""

    def __init__(self, kind: type | None = None, then: Callable[[Event], object] | None = None, after: int = 1) -> None:
        self.events: list[Event] = []
        self._kind, self._then, self._after = kind, then, after

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self._kind and self._then and isinstance(event, self._kind):
            self._after -= 1
            if self._after == 0:
                self._then(event)

    def of(self, kind: type | UnionType) -> list[Any]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def trained(runs: Path, *assignments: str, **sections: Mapping[str, Any]) -> tuple[RunFolder, Ending]:
    """Train a small run to its end."""
    folder = make_run(runs, *assignments, **sections)
    return folder, train_run(folder)
