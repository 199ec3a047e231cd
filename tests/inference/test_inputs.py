from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.inference.inputs import items_of


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def test_a_folder_is_all_images_below_it_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.PNG", "a/1.jpg", "3.webp", "note.txt", ".hidden/4.png", "b/.5.png", "__MACOSX/6.png")
    found = items_of([tmp_path], "image")
    assert [str(Path(item.name).relative_to(tmp_path)) for item in found] == ["3.webp", "a/1.jpg", "b/2.PNG"]


def test_a_file_that_was_named_is_tried_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, "picture")
    assert [item.raw for item in items_of([tmp_path / "picture"], "image")] == [tmp_path / "picture"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("texts.csv", "id,text\n1,good\n2,bad\n"),
        ("texts.tsv", "id\ttext\n1\tgood\n2\tbad\n"),
        ("texts.jsonl", '{"id": 1, "text": "good"}\n{"id": 2, "text": "bad"}\n'),
    ],
)
def test_a_table_is_one_text_a_row(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    found = items_of([path], "text")
    assert [item.raw for item in found] == ["good", "bad"]
    assert found[0].name.startswith(f"{path}:")


def test_the_column_of_the_training_is_read_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("text,note\nlong enough,short\nlong enough too,brief\n", encoding="utf-8")
    assert [item.raw for item in items_of([path], "text", "note")] == ["short", "brief"]
    assert [item.raw for item in items_of([path], "text", "other")] == ["long enough", "long enough too"]


@pytest.mark.parametrize("kind", ["image", "text"])
def test_an_empty_folder_and_a_missing_path_are_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UserError, match=f"There is no {kind} in"):
        items_of([tmp_path], kind)
    with pytest.raises(UserError, match="does not exist"):
        items_of([tmp_path / "gone"], kind)
