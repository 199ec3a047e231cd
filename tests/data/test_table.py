"""Tables: what is found in them, what is left out and why, and what is refused before any training."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from workbench.core.errors import UserError
from workbench.data import open_data
from workbench.data.checks import require_trainable
from workbench.data.preprocessing import fit, from_plain

ROWS = 60
RANDOM = np.random.default_rng(0)
PLAIN: dict[str, Any] = {
    "size": RANDOM.normal(size=ROWS),
    "colour": ["red", "blue", "green"] * (ROWS // 3),
    "price": RANDOM.normal(size=ROWS) * 10 + 50,
}


def table(folder: Path, **columns: Any) -> dict[str, Any]:
    """Write a table and return the plain settings that open it."""
    path = folder / "rows.csv"
    pl.DataFrame({**PLAIN, **columns}).write_csv(path)
    return {"kind": "table", "path": str(path)}


def test_numbers_and_categories_are_found_and_standardised_by_the_training_rows(tmp_path: Path) -> None:
    dataset = open_data(table(tmp_path))
    assert (dataset.task, dataset.tasks) == ("regression", ("regression", "reconstruction"))
    assert dataset.target is not None
    assert dataset.target.names == ("price",)
    preprocessing: Any = fit(dataset)
    assert preprocessing.features()[0] == "size"
    assert set(preprocessing.features()[1:]) == {"colour: red", "colour: blue", "colour: green"}
    made = preprocessing.tensor(torch.from_numpy(dataset.training.rows()))
    assert made[:, 0].mean().item() == pytest.approx(0, abs=1e-5)
    assert made[:, 0].std(correction=0).item() == pytest.approx(1, abs=1e-3)
    assert torch.equal(made[:, 1:].sum(1), torch.ones(len(made)))
    again: Any = from_plain(preprocessing.to_plain())
    assert torch.equal(again.tensor(torch.from_numpy(dataset.training.rows())), made)


def test_missing_values_are_filled_and_marked(tmp_path: Path) -> None:
    size = [None if row % 7 == 0 else float(row) for row in range(ROWS)]
    dataset = open_data(table(tmp_path, size=size))
    preprocessing: Any = fit(dataset)
    assert "size: ?" in preprocessing.features()
    made = preprocessing.tensor(torch.from_numpy(dataset.training.rows()))
    assert torch.isfinite(made).all()
    assert "Missing values in size are filled in." in [str(problem.words) for problem in dataset.problems]


def test_rows_without_a_target_are_left_out_and_named(tmp_path: Path) -> None:
    price = [float("nan") if row % 5 == 0 else float(row) for row in range(ROWS)]
    dataset = open_data(table(tmp_path, price=price))
    assert len(dataset) == ROWS - ROWS // 5
    assert dataset.skipped[0].name == "rows.csv:2"
    assert any("12 rows have no target" in str(problem.words) for problem in dataset.problems)


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"price": [None] * ROWS}, {"target": ["price"]}, "The target price is empty."),
        ({"price": [3] * ROWS}, {"target": ["price"]}, "has the same value in every row"),
        ({"price": ["dear", "cheap"] * 30}, {"task": "regression", "target": ["price"]}, "holds texts, not numbers"),
        ({}, {"target": ["weight"]}, "has no column weight"),
        ({}, {"leave_out": ["size", "colour"], "target": ["price"]}, "No column of rows.csv can be learned from"),
        ({}, {"target": ["price"], "leave_out": ["price"]}, "price is named in two settings"),
        ({}, {"task": "next_token"}, "does not pose the task next_token"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_the_reason(
    tmp_path: Path, columns: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        require_trainable(open_data({**table(tmp_path, **columns), **settings}))
    assert caught.value.hint or "empty" in message


def test_a_label_of_forty_thousand_values_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    pl.DataFrame({"x": np.arange(40_000) % 7, "y": [f"id{row}" for row in range(40_000)]}).write_csv(path)
    with pytest.raises(UserError, match=r"The target y has .*different values, too many for classes"):
        open_data({"kind": "table", "path": str(path), "target": ["y"]})


def test_free_text_is_no_target(tmp_path: Path) -> None:
    texts = [
        f"The customer of row {row} wrote that everything was fine, and added {row * 7} remarks." for row in range(ROWS)
    ]
    with pytest.raises(UserError, match="holds free text") as caught:
        open_data({**table(tmp_path, remarks=texts), "target": ["remarks"]})
    assert "open a table of texts" in str(caught.value.hint)


def test_columns_that_say_nothing_are_left_out_with_the_reason(tmp_path: Path) -> None:
    dataset = open_data({**table(tmp_path, number=range(ROWS), same=[1] * ROWS), "target": ["price"]})
    reasons = {column["name"]: column["reason"]["template"] for column in dataset.facts["left_out"]}
    assert reasons["same"] == "It has the same value in every row."
    assert reasons["number"] == "It only counts the rows."


def test_a_folder_as_spark_writes_it_is_one_table(tmp_path: Path) -> None:
    for year in (2020, 2021):
        folder = tmp_path / "sales" / f"year={year}"
        folder.mkdir(parents=True)
        for part in range(2):
            pl.DataFrame(PLAIN).write_parquet(folder / f"part-{part:05}.parquet")
    (tmp_path / "sales" / "_SUCCESS").touch()
    dataset = open_data({"kind": "table", "path": str(tmp_path / "sales"), "target": ["price"]})
    assert len(dataset) == 4 * ROWS
    names = [column["name"] for column in (*dataset.facts["features"], *dataset.facts["left_out"])]
    assert sorted(names) == ["colour", "size", "year"]


def test_classes_and_several_yes_or_no_columns(tmp_path: Path) -> None:
    few = open_data({**table(tmp_path), "target": ["colour"]})
    assert (few.task, few.classes) == ("classification", ("blue", "green", "red"))
    columns = {"late": ["yes", "no"] * 30, "damaged": ["no"] * 30 + ["yes"] * 30}
    both = open_data({**table(tmp_path, **columns), "target": ["late", "damaged"]})
    assert (both.task, both.classes) == ("multi_label", ("late", "damaged"))
    assert both.training.targets.shape[1] == 2
