"""Rows of a table to predict: from a file, from a form, with what is missing and what is no number."""

from pathlib import Path

import pytest

from tests.training.runs import trained
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.engine import prediction
from workbench.inference.inputs import items_of
from workbench.inference.predictor import Item, Predictor


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    data = {"kind": "samples", "name": "diabetes"}
    return trained(
        tmp_path_factory.mktemp("runs"), "training.epochs=5", data=data, architecture={"kind": "mlp", "hidden": [16]}
    )[0]


def test_a_sample_can_be_predicted_as_it_is_and_as_a_row_of_a_file(run: RunFolder, tmp_path: Path) -> None:
    sample = prediction.sample(str(run.path), 3)
    row = sample["row"]
    assert {"age", "bmi", "glucose"} <= row.keys()
    [direct] = prediction.predict(str(run.path), [{"row": row}])["predictions"]
    (tmp_path / "rows.csv").write_text(",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
    predictor = Predictor.of_run(run)
    [item] = items_of([tmp_path / "rows.csv"], "table", preprocessing=predictor.preprocessing)
    [read] = predictor.predict([item])
    assert item.name.endswith("rows.csv:2")
    assert read.answer["value"] == pytest.approx(direct["value"], rel=1e-5)
    assert direct["values"] == {"progression": direct["value"]}
    assert abs(direct["value"] - float(sample["label"])) < 250


def test_what_is_not_known_is_filled_in_and_what_is_no_number_is_said(run: RunFolder) -> None:
    few, wrong, both = Predictor.of_run(run).predict(
        [Item("few", {"bmi": 30}), Item("wrong", {"bmi": "thick"}), Item("both", {"bmi": "30.0", "age": ""})]
    )
    assert few.answer["value"] == pytest.approx(both.answer["value"])
    assert str(wrong.error) == "bmi must be a number, but is thick."


def test_a_table_of_other_things_is_refused(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("name,price\napple,3\n")
    with pytest.raises(UserError, match="none of the columns") as caught:
        items_of([tmp_path / "other.csv"], "table", preprocessing=Predictor.of_run(run).preprocessing)
    assert "bmi" in caught.value.translated()
