"""Cells with several labels: what separates them, and what becomes of them, in tables of texts and of images."""

import json
from pathlib import Path

import numpy as np
import polars
import pytest
from PIL import Image

from workbench.core.errors import UserError
from workbench.data import open_data
from workbench.data.image_folder import ImageFolderSettings
from workbench.data.several_labels import dealt_by, parts, separator_of
from workbench.data.text_table import TextTableSettings
from workbench.engine import data as engine

CELLS = {"semicolon": "fast; cheap", "bar": "fast|cheap", "json": '["fast", "cheap"]', "comma": "fast, cheap,"}


def opened(path: Path, cells: list[str], **settings: object):
    frame = polars.DataFrame({"text": [f"text number {n}" for n in range(len(cells))], "label": cells})
    frame.write_csv(path)
    return open_data(TextTableSettings.model_validate({"path": str(path), **settings}))


@pytest.mark.parametrize("separator", CELLS)
def test_a_cell_is_cut_into_its_labels(separator: str) -> None:
    assert parts(CELLS[separator], separator) == ["fast", "cheap"]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["fast;cheap", "fast", "cheap"], "semicolon"),
        (["fast|cheap", "loud|cheap", "fast|loud", "fast"], "bar"),
        (['["fast"]', "[]", '["loud", "fast"]'], "json"),
        (["yes", "no"], "none"),
        (["Hammer; size 3", "Nail; size 1"], "none"),  # more names than cells: a sign inside of names
        (["Smith, John", "Miller, Ann"], "none"),
        (["[1]", "[broken"], "none"),
    ],
)
def test_separators_are_guessed(cells: list[str], found: str) -> None:
    assert separator_of(cells, [10] * len(cells), "auto", "auto") == found


def test_a_sign_in_a_rare_cell_separates_nothing_and_classes_stay_whole() -> None:
    assert separator_of(["a;b", "a", "b"], [1, 500, 500], "auto", "auto") == "none"
    assert separator_of(["a;b", "a", "b"], [9, 9, 9], "auto", "classification") == "none"
    assert separator_of(["a", "b"], [9, 9], "comma", "classification") == "comma"


def test_a_table_with_several_labels_poses_that_task(tmp_path: Path) -> None:
    cells = ["fast;cheap", "fast", "cheap", "loud"] * 10 + ["loud;rare", "rare", "rare"]
    dataset = opened(tmp_path / "x.csv", cells)
    assert (dataset.task, dataset.classes) == ("multi_label", ("cheap", "fast", "loud", "rare"))
    assert "there are 4: cheap, fast, loud, rare" in str(dataset.problems[-1].words)
    assert dataset.training.targets.dtype == np.uint8
    assert all(dataset.counts(split)[3] for split in ("training", "validation", "test"))  # the rarest is everywhere
    both = dataset.training.targets[list(dataset.training.names).index("x.csv:2")]
    assert both.tolist() == [1, 1, 0, 0]
    rows = engine.rows({"kind": "text_table", "path": str(tmp_path / "x.csv")}, "training", 0, 100, label=0)
    assert all("cheap" in row["label"] for row in rows["rows"])
    assert rows["total"] == dataset.counts("training")[0]


def test_the_task_can_be_chosen(tmp_path: Path) -> None:
    cells = ["fast;cheap", "fast", "cheap"] * 10
    assert opened(tmp_path / "x.csv", cells, task="classification").classes == ("cheap", "fast", "fast;cheap")
    assert opened(tmp_path / "x.csv", cells, label_separator="none").task == "classification"
    single = opened(tmp_path / "y.csv", ["yes", "no"] * 10, task="multi_label")
    assert (single.task, single.training.targets.sum(1).tolist()) == ("multi_label", [1] * len(single.training))
    with pytest.raises(UserError, match="do not pose this task"):
        opened(tmp_path / "x.csv", cells, task="forecasting")


def test_too_many_labels_are_refused(tmp_path: Path) -> None:
    cells = [f"{n};{n + 1500}" for n in range(1500)] * 5
    with pytest.raises(UserError, match=r"3,000 different labels, more than 2,000"):
        opened(tmp_path / "x.csv", cells, label_column="label", label_separator="semicolon")


def test_an_empty_list_is_no_label_and_an_empty_cell_is_skipped(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.csv", ['["a", "b"]', "[]", '["b"]', ""] * 8)
    assert len(dataset) == 24
    assert {str(item.reason) for item in dataset.skipped} == {"It has no label."}
    assert sum((split.targets.sum(1) == 0).sum() for split in dataset.splits.values()) == 8


def test_samples_are_dealt_out_by_their_rarest_label() -> None:
    targets = np.array([[1, 0], [1, 1], [1, 0], [0, 0]], np.uint8)
    assert dealt_by(targets).tolist() == [0, 1, 0, 2]
    assert dealt_by(np.ones((3, 1), np.float32)).tolist() == [0, 0, 0]


def test_images_beside_a_table_can_have_several_labels(tmp_path: Path) -> None:
    lines = ["file,labels"]
    for number in range(24):
        Image.fromarray(np.full((4, 4, 3), 10 * number, np.uint8)).save(tmp_path / f"{number}.png")
        names = [name for name, every in (("two", 2), ("three", 3)) if number % every == 0]
        quoted = json.dumps(names).replace('"', '""')
        lines.append(f'{number}.png,"{quoted}"')
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    settings = ImageFolderSettings(path=str(tmp_path))
    dataset = open_data(settings)
    assert (dataset.task, dataset.classes) == ("multi_label", ("three", "two"))
    assert np.sum([dataset.counts(split) for split in dataset.splits], axis=0).tolist() == [8, 12]
    assert np.load(dataset.cache / "labels.npy").shape == (24, 2)
    assert open_data(settings.model_copy(update={"task": "classification"})).task == "classification"
    assert not (dataset.cache / "labels.npy").exists()
