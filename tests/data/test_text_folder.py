"""Class folders of texts: what they hold, how it is read, and what is refused."""

import os
import sys
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise, text_folder
from workbench.data.text_folder import TextFolderSettings, example, recognises


def opened(folder: Path, **settings: object) -> Dataset:
    return open_data(TextFolderSettings.model_validate({"path": str(folder), "validation": 0, "test": 0, **settings}))


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_each_folder_is_a_class(tmp_path: Path) -> None:
    dataset = opened(Path(example(tmp_path).path))
    assert (dataset.classes, len(dataset)) == (("no", "yes"), 40)
    assert dataset.training.names[0] == "no/0.txt"
    assert dataset.training.texts()[0] == "bad tea, number 0"
    assert dataset.facts["lengths"]["word"] == {"lengths": [4], "counts": [40]}


def test_train_and_test_folders_are_honoured_and_deeper_ones_pass(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path, f"train/{'pos' if number % 2 else 'neg'}/deep/{number}.txt", f"text {number}")
        write(tmp_path, f"test/{'pos' if number % 2 else 'neg'}/{number}.txt", f"fresh {number}")
    write(tmp_path, "README.txt", "about these data")
    assert getattr(recognise(tmp_path), "kind", "") == "text_folder"
    dataset = open_data(TextFolderSettings(path=str(tmp_path)))
    assert {name: len(split) for name, split in dataset.splits.items()} == {"training": 10, "validation": 2, "test": 12}
    assert [item.name for item in dataset.skipped] == ["README.txt"]


def test_what_cannot_be_read_is_named_and_the_rest_opens(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path, f"{'ab'[number % 2]}/{number}.txt", f"text {number}")
    write(tmp_path, "a/empty.txt", "  \n")
    write(tmp_path, "a/picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 30)
    write(tmp_path, "b/long.txt", "x" * 1_000_001)
    write(tmp_path, "b/chinese.txt", "这家餐厅的菜很好吃，服务也周到，推荐给大家。".encode("gb18030"))
    dataset = opened(tmp_path)
    assert {item.name: str(item.reason) for item in dataset.skipped} == {
        "a/empty.txt": "It has no text.",
        "a/picture.txt": "picture.txt is not a text.",
        "b/long.txt": "It is longer than a million characters.",
    }
    assert "这家餐厅的菜很好吃，服务也周到，推荐给大家。" in dataset.training.texts()
    assert "chinese.txt is not in UTF-8; it was read as GB18030" in str(dataset.problems[-1].words)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_in_a_circle_are_entered_once(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path, f"{'ab'[number % 2]}/{number}.txt", f"text {number}")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert len(opened(tmp_path)) == 6


@pytest.mark.parametrize(
    ("name", "message"), [("loose.txt", "There are no class folders with texts in"), ("a/empty.txt", "No text in")]
)
def test_folders_without_classes_or_texts_are_refused(name: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, name, " ")
    with pytest.raises(UserError, match=message):
        opened(tmp_path)


def test_a_folder_is_recognised_by_some_files_of_each_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_folder, "_LOOKED_AT", 20)
    monkeypatch.setattr(text_folder, "_OF_EACH", 5)
    for number in range(30):
        write(tmp_path, f"a/{number}.txt", "text")
    write(tmp_path, "b/1.txt", "text")
    assert recognises(tmp_path) > 0.6
    assert recognises(tmp_path / "a") == 0


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are Unicode there")
def test_names_that_are_no_unicode_are_escaped(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path, f"{'ab'[number % 2]}/{number}.txt", f"text {number}")
    with open(os.fsencode(tmp_path / "a") + b"/\xff\n.txt", "wb") as file:
        file.write(b"odd name")
    dataset = opened(tmp_path)
    name = dataset.training.names[dataset.training.texts().index("odd name")]
    assert name.isprintable()
