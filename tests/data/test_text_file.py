"""Texts without labels: read in any encoding, cut in order or dealt out whole, and refused with the reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise, text_reading
from workbench.data.text_reading import read_texts

STORY = "".join(f"Line {number} of a story about rain.\n" for number in range(200))
CHINESE = "今天的天气很好，我们去公园散步。孩子们在草地上玩，老人们在树下下棋。\n" * 20


def opened(path: Path, **values: Any) -> Dataset:
    return open_data({"kind": "text_file", "path": str(path), **values})


def words(dataset: Dataset) -> str:
    return " ".join(str(problem.words) for problem in dataset.problems)


def test_one_text_is_cut_in_order_with_validation_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text(STORY)
    dataset = opened(path, validation=0.1, test=0.2)
    parts = {name: "".join(split.texts()) for name, split in dataset.splits.items()}
    assert parts["training"] + parts["validation"] + parts["test"] == STORY
    assert len(parts["training"]) == int(0.7 * len(STORY))
    assert len(parts["test"]) == pytest.approx(0.2 * len(STORY), abs=1)
    assert dataset.tasks == ("next_token", "masked_token")
    assert dataset.facts["characters"] == len(STORY)


def test_nine_tenths_are_those_that_others_take(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("x" * 1393 + "y\n")
    dataset = opened(path, test=0.0)
    assert len(dataset.training.texts()[0]) == int(0.9 * 1395)
    assert not len(dataset.test)


def test_many_texts_are_dealt_out_whole_by_their_length(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.md").write_text(f"Text {number}. " * (1 + number % 7))
    dataset = opened(tmp_path, validation=0.2, test=0.2)
    texts = {name: split.texts() for name, split in dataset.splits.items()}
    sizes = {name: sum(map(len, found)) for name, found in texts.items()}
    assert sum(map(len, texts.values())) == 40
    assert sizes["validation"] / sum(sizes.values()) == pytest.approx(0.2, abs=0.05)
    assert sizes["test"] / sum(sizes.values()) == pytest.approx(0.2, abs=0.05)
    assert all(text.endswith("\n") for found in texts.values() for text in found)


def test_files_that_say_their_split_are_believed(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        (tmp_path / f"{name}.txt").write_text(f"This is {name}.\n" * 5)
    dataset = opened(tmp_path)
    assert [dataset.splits[name].texts()[0][8:12] for name in ("training", "validation", "test")] == [
        *("trai", "val.", "test"),
    ]


def test_json_lines_are_a_text_in_each_line(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    rows = [json.dumps({"id": "a longer name", "text": f"Text {number}"}) for number in range(20)]
    path.write_text("\n".join([*rows, "{broken", json.dumps({"id": "x"})]) + "\n")
    dataset = opened(path)
    assert sorted(text for split in dataset.splits.values() for text in split.texts())[0] == "Text 0\n"
    assert len(dataset) == 20
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [
        ("texts.jsonl:21", "It is not JSON."),
        ("texts.jsonl:22", "It has no text."),
    ]
    with pytest.raises(UserError, match=r"No line of texts\.jsonl has a text\."):
        opened(path, field="body")


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (STORY, "utf-8", "utf-8"),
        (STORY, "utf-8-sig", "utf-8"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "gb18030", "gb18030"),
        ("Überraschung für Jürgen – schön und größer, ça va là-bas. " * 20, "cp1252", "cp1252"),
    ],
)
def test_encodings_are_found(text: str, encoding: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode(encoding))
    read = read_texts(path)
    assert (read.texts, read.encoding) == ([text], found)
    if found != "utf-8":
        assert "is not in UTF-8" in words(opened(path))


def test_an_encoding_can_be_chosen_and_is_held_to(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(CHINESE.encode("gb18030"))
    assert read_texts(path, "gb18030").texts == [CHINESE]
    with pytest.raises(UserError, match=r"text\.txt is not in UTF-8: byte 0 cannot be read\."):
        read_texts(path, "utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(range(256)) * 50, "bad.txt is not a text."),
        (b"\x7fELF" + b"\0" * 500, "bad.txt is not a text."),
        (b"\x01\x02\x03\x04hello" * 500, "bad.txt is not a text."),
        (b" \n\t\n", "bad.txt is empty."),
        (b"", "bad.txt is empty."),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        opened(path)
    assert str(caught.value) == message


def test_one_bad_file_among_many_is_left_out_by_name(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text(f"Text number {number}.")
    (tmp_path / "bad.txt").write_bytes(b"\0" * 100)
    dataset = opened(tmp_path)
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [("bad.txt", "bad.txt is not a text.")]
    assert len(dataset) == 12


def test_too_much_text_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.txt"
    path.write_text(STORY)
    monkeypatch.setattr("workbench.data.text_file.MOST_BYTES", 100)
    with pytest.raises(UserError, match="holds too much text"):
        opened(path)
    monkeypatch.setattr(text_reading, "MOST_BYTES", 100)
    with pytest.raises(UserError, match="is too large"):
        read_texts(path)


def test_an_endless_line_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    path.write_text("word " * 300_000)
    dataset = opened(path)
    assert "A line of line.txt has 1,500,000 characters" in words(dataset)
    assert sum(len(text) for split in dataset.splits.values() for text in split.texts()) == 1_500_001


@pytest.mark.slow
def test_a_line_of_100_megabytes_becomes_tokens(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from workbench.data.preprocessing import fit

    path = tmp_path / "line.txt"
    path.write_text("abcdefghij" * 10_000_000)
    dataset = opened(path)
    settings = SimpleNamespace(tokens="bpe", vocabulary=300, length=64)
    preprocessing: Any = fit(dataset, settings)
    assert len(preprocessing.stream([dataset.test.texts()[0][:1_000_000]])) < 1_000_000


def test_lone_surrogates_and_nuls_become_the_replacement_character(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "a\\ud800b\\u0000c"}\n')
    assert read_texts(path).texts == ["a\ufffdb\ufffdc"]


def test_what_is_dropped_is_told_from_tables(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(STORY)
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "table.txt").write_text("text\tlabel\ngood\tyes\nbad\tno\n")
    (tmp_path / "plain.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    (tmp_path / "labelled.jsonl").write_text('{"text": "one", "label": "a"}\n{"text": "two", "label": "b"}\n')
    kinds = {path.name: recognise(path).kind for path in sorted(tmp_path.iterdir())}
    assert kinds == {
        "notes.md": "text_file",
        "story.txt": "text_file",
        "table.txt": "text_table",
        "plain.jsonl": "text_file",
        "labelled.jsonl": "text_table",
    }


def test_a_folder_without_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no text in"):
        opened(tmp_path)


def test_pythons_own_documentation_is_a_sample() -> None:
    dataset = open_data({"kind": "samples", "name": "python-topics"})
    assert dataset.name == "python-topics"
    assert sum(sum(map(len, split.texts())) for split in dataset.splits.values()) > 300_000
    assert np.all([len(split) for split in dataset.splits.values()])
    assert dataset.tasks[0] == "next_token"
