"""What the window asks about data, by name and with plain values."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import files, tree
from workbench.core.errors import UserError
from workbench.core.words import from_plain
from workbench.engine import ask, is_job

DIGITS = {"kind": "samples"}


def test_opening_is_a_job_that_answers_in_plain_values() -> None:
    told: list[str] = []
    answer = ask("data.open", {"data": DIGITS}, lambda stage, done, total: told.append(str(stage)))
    assert is_job("data.open")
    assert json.loads(json.dumps(answer)) == answer
    assert answer["inputs"] == {"kind": "image", "shape": [1, 8, 8], "vocabulary": 0}
    assert [answer["splits"][split]["count"] for split in ("training", "validation", "test")] == [1437, 180, 180]
    assert sum(answer["splits"]["training"]["classes"]) == 1437
    assert answer["outputs"] == len(answer["classes"]) == 10
    assert "Even: the rarest class" in " ".join(str(from_plain(problem["words"])) for problem in answer["problems"])
    assert np.load(Path(answer["cache"]) / "images.npy", mmap_mode="r").shape == (1797, 8, 8, 1)
    assert told


def test_rows_of_texts_come_page_by_page() -> None:
    data = {"kind": "samples", "name": "reviews"}
    first = ask("data.rows", {"data": data, "split": "training", "start": 0, "count": 3})
    second = ask("data.rows", {"data": data, "split": "training", "start": 2, "count": 3})
    assert len(first["rows"]) == 3
    assert first["rows"][2] == second["rows"][0]
    assert set(first["rows"][0]) == {"name", "label", "text", "row"}
    only = ask("data.rows", {"data": data, "split": "test", "start": 0, "count": 1000, "label": 1})
    assert {row["label"] for row in only["rows"]} == {"positive"}
    assert only["total"] == len(only["rows"])
    assert ask("data.rows", {"data": data, "split": "test", "start": 9999, "count": 3})["rows"] == []


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(UserError, match="no split called dev"):
        ask("data.rows", {"data": DIGITS, "split": "dev", "start": 0, "count": 1})


def test_a_preview_shows_what_the_model_will_see() -> None:
    cache = Path(ask("data.open", {"data": DIGITS})["cache"])
    images = np.load(cache / "images.npy")

    def preview(augmentation: dict[str, object], seed: int = 0) -> np.ndarray:
        data = {**DIGITS, "augmentation": augmentation}
        answer = ask("data.augmented", {"data": data, "rows": [5, 0, 9], "seed": seed})
        return np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(answer["shape"])

    assert np.array_equal(preview({}), images[[5, 0, 9]])
    turned = preview({"rotation": 90.0})
    assert turned.shape == (3, 8, 8, 1)
    assert not np.array_equal(turned, images[[5, 0, 9]])
    assert np.array_equal(turned, preview({"rotation": 90.0}))
    assert not np.array_equal(turned, preview({"rotation": 90.0}, seed=1))


def test_texts_have_no_preview() -> None:
    with pytest.raises(UserError, match="Only images"):
        ask("data.augmented", {"data": {"kind": "samples", "name": "reviews"}, "rows": [0], "seed": 0})


def test_a_path_is_recognised(tmp_path: Path) -> None:
    answer = ask("data.recognise", {"path": str(tree(tmp_path, files(3)))})
    assert answer["data"]["kind"] == "image_folder"
    assert answer["data"]["path"] == str(tmp_path)


def test_wrong_settings_are_worded() -> None:
    with pytest.raises(UserError, match=r"data\.validation must be at most 0\.9"):
        ask("data.open", {"data": {**DIGITS, "validation": 3}})
