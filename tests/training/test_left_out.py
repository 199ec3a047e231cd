from pathlib import Path

from tests.training.runs import Seen
from workbench.core.events import Warned
from workbench.core.run_folder import new_run
from workbench.recipe import recipe_from, to_toml
from workbench.training.worker import train_run


def test_rows_that_are_left_out_are_named(make_text_table, tmp_path: Path) -> None:
    table = make_text_table(40)
    with table.open("a", encoding="utf-8") as file:
        file.write("".join(f"no label {row},\n" for row in range(5)))
    plain = {
        "data": {"kind": "text_table", "path": str(table)},
        "training": {"epochs": 1, "device": "cpu", "threads": 1},
    }
    run = new_run(tmp_path / "runs", "texts", to_toml(recipe_from(plain)))
    seen = Seen()
    train_run(run, on_event=seen)
    warnings = [str(event.message) for event in seen.of(Warned)]
    assert len(warnings) == 4
    assert warnings[0].startswith("texts.csv:42 is left out: ")
    assert warnings[-1] == "Left out besides these: 2."
