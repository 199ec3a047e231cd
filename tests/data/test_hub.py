"""Data sets of the hub once they are here: which columns are read, what they pose, and what is skipped."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from PIL import Image

from tests.data.hub_server import Hub, in_use, parquet
from workbench.core.errors import UserError
from workbench.core.signature import SPLITS
from workbench.data import cache, hub_rows, open_data, tasks_posed_by
from workbench.data.dataset import Dataset
from workbench.data.hub import HubSettings
from workbench.data.hub_install import installed
from workbench.data.hub_known import KNOWN

NAME = "somebody/things"
LABEL = {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}
Rows = dict[str, list[Any]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with in_use(Hub()) as made:
        yield made


def png(value: int, side: int = 6) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side), value).save(file, "PNG")
    return file.getvalue()


def pictures(count: int, begin: int = 0) -> Rows:
    numbers = range(begin, begin + count)
    return {
        "image": [{"bytes": png(number), "path": f"{number}.png"} for number in numbers],
        "label": [number % 2 for number in numbers],
    }


def put(hub: Hub, features: dict[str, Any] | None = None, name: str = NAME, **splits: Rows) -> None:
    files = {split: parquet(polars.DataFrame(rows), features) for split, rows in splits.items()}
    hub.repositories[name] = {f"default/{split}/0000.parquet": content for split, content in files.items()}


def opened(name: str = NAME, **chosen: Any) -> Dataset:
    return open_data(HubSettings(name=name, **chosen))


def installed_files() -> tuple[Path, ...]:
    found = installed(NAME)
    assert found
    return tuple(found.files)


def test_images_come_with_the_names_of_their_classes(hub: Hub) -> None:
    put(hub, LABEL, train=pictures(20), test=pictures(6, begin=100))
    found = opened()
    assert found.inputs.kind == "image"
    assert found.inputs.shape == (1, 6, 6)
    assert found.classes == ("cat", "dog")
    assert found.tasks == ("classification", "reconstruction")
    assert [len(found.splits[split]) for split in SPLITS] == [18, 2, 6]
    assert found.test.rows()[:, 0, 0, 0].tolist() == [100, 101, 102, 103, 104, 105]
    assert found.test.names[0] == "test/1"
    assert found.facts["repository"] == NAME


def test_the_card_names_the_classes_where_the_file_does_not(hub: Hub) -> None:
    put(hub, train=pictures(20))
    kind = {"class_label": {"names": {"0": "off", "1": "on"}}}
    hub.cards[NAME] = {"dataset_info": {"features": [{"name": "label", "dtype": kind}]}}
    assert opened().classes == ("off", "on")


def test_labels_without_names_are_their_own(hub: Hub) -> None:
    rows = {**pictures(24), "label": [10, 2, 9] * 8}
    put(hub, train=rows)
    assert opened().classes == ("2", "9", "10")


def test_images_without_labels_are_for_reconstruction(hub: Hub) -> None:
    put(hub, train={"image": pictures(20)["image"]})
    found = opened()
    assert found.tasks == ("reconstruction",)
    assert found.classes == ()


def test_broken_images_and_rows_without_labels_are_skipped(hub: Hub) -> None:
    rows = pictures(20)
    rows["image"][3] = {"bytes": b"no picture", "path": None}
    rows["image"][4] = {"bytes": None, "path": "elsewhere.png"}
    rows["label"][5] = None
    rows["label"][6] = -1
    put(hub, LABEL, train=rows)
    found = opened()
    assert sorted(item.name for item in found.skipped) == ["train/4", "train/5", "train/6", "train/7"]
    assert {str(item.reason) for item in found.skipped if item.name in ("train/6", "train/7")} == {"It has no label."}
    assert len(found) == 16


def test_texts_with_labels(hub: Hub) -> None:
    rows = {"idx": list(range(20)), "sentence": [f"number {n}" for n in range(20)], "label": [n % 2 for n in range(20)]}
    rows["sentence"][7] = "  "
    put(hub, LABEL, train=rows, unsupervised=rows)
    found = opened()
    assert found.inputs.kind == "text"
    assert found.tasks == ("classification", "next_token", "masked_token")
    assert found.classes == ("cat", "dog")
    assert [str(item.reason) for item in found.skipped] == ["It has no text."]
    assert len(found) == 19  # nothing of a split that nobody knows how to use
    assert found.facts["text_column"] == "sentence"
    assert found.facts["lengths"]["word"]["lengths"] == [2]
    without = opened(label_column="none")
    assert without.tasks == ("next_token", "masked_token")


def test_one_long_text_is_dealt_out_in_order(hub: Hub) -> None:
    text = "".join(f"line {number}\n" for number in range(1000))
    put(hub, train={"text": [text]})
    found = opened()
    assert found.tasks == ("next_token", "masked_token")
    assert "".join(found.splits[split].texts()[0] for split in SPLITS) == text
    assert found.facts["characters"] == len(text)


def test_splits_of_texts_are_kept(hub: Hub) -> None:
    put(hub, train={"text": ["one\ntwo\n"]}, validation={"text": ["three\n"]}, test={"text": ["four"]})
    found = opened()
    assert [found.splits[split].texts() for split in SPLITS] == [["one\ntwo\n"], ["three\n"], ["four\n"]]


def test_what_is_known_of_a_set_before_it_is_here(hub: Hub) -> None:
    put(hub, LABEL, train=pictures(20))
    settings = HubSettings(name=NAME)
    assert settings.inputs_kind() == ""
    assert tasks_posed_by(settings) == ()
    open_data(settings)
    assert settings.inputs_kind() == "image"
    assert tasks_posed_by(settings) == ("classification", "reconstruction")
    shakespeare = HubSettings(name="karpathy/tiny_shakespeare")
    assert shakespeare.inputs_kind() == "text"
    assert tasks_posed_by(shakespeare) == ("next_token", "masked_token")
    assert tasks_posed_by(HubSettings(name="ylecun/mnist")) == ("classification", "reconstruction")
    assert all(entry.size > 1_000_000 for entry in KNOWN.values())


@pytest.mark.parametrize(
    ("rows", "chosen", "message"),
    [
        ({"numbers": [1.5, 2.5]}, {}, "There is no column of images or texts: numbers"),
        ({"text": ["a", "b"]}, {"sample_column": "words"}, "There is no column words"),
        ({"text": ["a", "b"], "x": [1.5, 2]}, {"label_column": "x"}, "The column x cannot be read for that"),
        ({"text": ["a", "b"]}, {"content": "image"}, "holds no such content as was chosen"),
        ({"text": ["", " "]}, {}, "has no texts"),
        ({"text": ["a", "b"], "label": [None, -1]}, {}, "No row has a label in the column label"),
        ({"text": ["a", "b"], "label": ["x", "x"]}, {}, ""),
    ],
)
def test_what_cannot_be_used_says_why(hub: Hub, rows: Rows, chosen: dict[str, Any], message: str) -> None:
    put(hub, LABEL if None in rows.get("label", []) else None, train=rows)
    if not message:
        assert "There is only one class, x" in " ".join(str(problem.words) for problem in opened().problems)
        return
    with pytest.raises(UserError, match=message) as caught:
        opened(**chosen)
    assert str(caught.value.hint)


def test_a_label_of_very_many_values_is_refused(hub: Hub) -> None:
    many = [f"answer {number}" for number in range(40_000)]
    put(hub, train={"text": many, "label": many})
    with pytest.raises(UserError, match="The column label has 40,000 different values, too many to tell apart"):
        opened()


def test_sounds_are_not_images(hub: Hub) -> None:
    rows = {"audio": [{"bytes": b"RIFF", "path": None}] * 3, "label": [0, 1, 0]}
    put(hub, {**LABEL, "audio": {"_type": "Audio"}}, train=rows)
    with pytest.raises(UserError, match="There is no column of images or texts"):
        opened()


def test_a_file_that_is_no_parquet_is_named(hub: Hub) -> None:
    hub.repositories[NAME] = {"default/train/0000.parquet": b"this is no table at all, whatever its name says"}
    with pytest.raises(UserError, match=r"somebody/things holds a file that is no Parquet table"):
        opened()


def test_only_some_rows_are_in_memory_at_a_time(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_rows, "_BLOCK", 8)
    put(hub, LABEL, train=pictures(20))
    seen: list[int] = []
    contents = hub_rows.contents
    monkeypatch.setattr(hub_rows, "contents", lambda block: (seen.append(len(block)), contents(block))[1])
    found = opened()
    assert set(seen) == {8, 4}
    monkeypatch.setattr(hub_rows, "_BLOCK_BYTES", 1000)  # large rows come fewer at a time
    blocks = [len(block) for block in hub_rows.blocks({"train": installed_files()}, "image")]
    assert sum(blocks) == 20
    assert max(blocks) < 8
    assert sorted(found.training.rows()[:, 0, 0, 0].tolist()) == found.training.index.tolist()


def test_the_cache_is_shared_by_other_splits_of_the_same_files(hub: Hub) -> None:
    put(hub, LABEL, train=pictures(20))
    assert opened().cache == opened(validation=0.3).cache
    assert json.loads((opened().cache / "names.json").read_text())[0] == "train/1"
    assert np.load(cache.Path(opened().cache) / "targets.npy").shape == (20,)
