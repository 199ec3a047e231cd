"""What the window asks about starting a recipe on several machines."""

from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.engine import ask
from workbench.recipe import read_recipe

RECIPE = {"data": {"kind": "samples", "name": "digits"}, "architecture": {"kind": "mlp"}, "training": {"epochs": 7}}


def test_the_line_looks_for_the_recipe_where_it_is_saved(tmp_path: Path) -> None:
    name = ask("launching.name", {"recipe": RECIPE})["name"]
    question = {"recipe": RECIPE, "folder": str(tmp_path), "name": name, "machines": 2, "processes": 2, "host": "a"}
    found = ask("launching.write", question)
    assert ask("launching.lines", question) == {key: value for key, value in found.items() if key != "script"}
    assert found["recipe"] in found["torchrun"]
    assert Path(found["script"]).read_text() == found["slurm"]
    assert read_recipe(Path(found["recipe"])).training.epochs == 7
    assert not Path(found["run"]).exists()  # the first start makes it


@pytest.mark.parametrize("folder", ["", "  ", "shared/runs"])
def test_a_folder_must_be_chosen(folder: str) -> None:
    question = {"recipe": RECIPE, "folder": folder, "name": "n", "machines": 2, "processes": 1}
    for name in ("launching.lines", "launching.write"):
        with pytest.raises(UserError, match="No folder is chosen"):
            ask(name, question)


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    question = {"recipe": RECIPE, "folder": str(tmp_path / "file"), "name": "n", "machines": 1, "processes": 1}
    with pytest.raises(UserError, match="cannot be written"):
        ask("launching.write", question)
