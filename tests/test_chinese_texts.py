"""Chinese from end to end: a CSV in GB18030, tokens of characters and of byte pairs, and a prediction."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.training.runs import make_run
from workbench.cli import main
from workbench.core import paths
from workbench.core.events import Finished
from workbench.data import open_data, recognise
from workbench.engine import data as engine_data
from workbench.engine import prediction
from workbench.inference.predictor import Predictor
from workbench.training.worker import train_run

NAMES = {"positive": "好评", "negative": "差评"}
FRESH = "台式电脑经常蓝屏，太坑了，非常失望。"


def write_reviews(path: Path) -> list[list[str]]:
    """Write the Chinese half of the bundled reviews in GB18030, with Chinese labels, and return its rows."""
    table = paths.resources() / "samples" / "reviews" / "reviews.csv"
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))[1:]
    chinese = [[text, NAMES[label]] for text, label in rows if not text.isascii()]
    written = io.StringIO()
    csv.writer(written).writerows([["评论", "情感"], *chinese])
    path.write_bytes(written.getvalue().encode("gb18030"))
    return chinese


def test_a_table_in_gb18030_opens_with_the_right_letters(tmp_path: Path) -> None:
    rows = write_reviews(tmp_path / "评论.csv")
    settings = recognise(tmp_path / "评论.csv")
    dataset = open_data(settings)
    assert len(dataset) == len(rows) > 200
    assert set(dataset.classes) == set(NAMES.values())
    assert dataset.facts["encoding"] == "GB18030"
    found = {text for split in dataset.splits.values() for text in split.texts()}
    assert found <= {text for text, _ in rows}
    first = engine_data.rows(settings.model_dump(), "training", 0, 1)["rows"][0]
    assert [first["text"], first["label"]] in rows


@pytest.mark.parametrize("tokens", ["character", "bpe"])
def test_it_trains_and_predicts_in_chinese(tokens: str, own_folders: Path, tmp_path: Path) -> None:
    write_reviews(tmp_path / "评论.csv")
    folder = make_run(
        own_folders,
        data={"kind": "text_table", "path": str(tmp_path / "评论.csv")},
        architecture={"kind": "textcnn", "tokens": tokens, "vocabulary": 1_000},
        training={"epochs": 4, "threads": 1, "optimizer": {"kind": "adamw", "learning_rate": 0.01}},
    )
    assert isinstance(train_run(folder), Finished)
    made = Predictor.of_run(folder).preprocessing
    pieces = made.pieces(FRESH)
    assert "".join(piece for piece, _ in pieces) == FRESH
    assert made.decode(made.stream([FRESH])).replace("\ufffd", "") in (FRESH, FRESH.replace("，", ""))
    answer = prediction.predict(str(folder.path), [{"text": FRESH}])["predictions"][0]
    assert answer["label"] == "差评"
    (tmp_path / "新.txt").write_bytes(FRESH.encode("gb18030"))
    assert prediction.predict(str(folder.path), [{"path": str(tmp_path / "新.txt")}])["predictions"][0]["top"] == [
        {"label": entry["label"], "score": pytest.approx(entry["score"])} for entry in answer["top"]
    ]


@pytest.mark.slow
def test_the_command_line_writes_it_as_it_is(
    own_folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_reviews(tmp_path / "评论.csv")
    recipe = tmp_path / "r.toml"
    recipe.write_text('[data]\nkind = "text_table"\npath = "评论.csv"\n[training]\nepochs = 3\n', encoding="utf-8")
    assert main(["train", str(recipe), "--run", str(own_folders / "run")]) == 0
    capsys.readouterr()
    assert main(["predict", str(own_folders / "run"), str(tmp_path / "评论.csv"), "--json"]) == 0
    predictions = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert {row["label"] for row in predictions} == set(NAMES.values())
    assert predictions[0]["input"].endswith("评论.csv:2")
