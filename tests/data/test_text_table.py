"""Tables of texts: encodings, columns, headers, quotes, and rows that lack something."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars
import pytest

from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise
from workbench.data.checks import require_trainable
from workbench.data.preprocessing import fit
from workbench.data.text_table import TextTableSettings

ROWS = [(f"a {'good' if n % 2 else 'bad'} thing, number {n}", "yes" if n % 2 else "no") for n in range(20)]


def csv(separator: str = ",", header: str = "text{s}label\n", rows: list[tuple[str, str]] = ROWS) -> str:
    return header.format(s=separator) + "".join(f'"{text}"{separator}{label}\n' for text, label in rows)


def opened(path: Path, content: str | bytes, **settings: object) -> Dataset:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_data(TextTableSettings.model_validate({"path": str(path), "validation": 0, "test": 0, **settings}))


def rows(dataset: Dataset) -> list[tuple[str, str]]:
    split = dataset.training
    return [(text, dataset.classes[label]) for text, label in zip(split.texts(), split.targets, strict=True)]


def words(dataset: Dataset) -> str:
    return " ".join(str(problem.words) for problem in dataset.problems)


@pytest.mark.parametrize(
    ("name", "separator"), [("x.csv", ","), ("x.csv", ";"), ("x.tsv", "\t"), ("x.csv", "|"), ("x.txt", "\t")]
)
def test_separators_are_found(name: str, separator: str, tmp_path: Path) -> None:
    assert rows(opened(tmp_path / name, csv(separator))) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_and_without_a_mark_are_read(encoding: str, tmp_path: Path) -> None:
    given = [("很好用，推荐", "好"), ("很差，别买", "差"), *ROWS]
    dataset = opened(tmp_path / "x.csv", csv(rows=given).encode(encoding))
    assert rows(dataset) == given
    assert dataset.facts["text_column"] == "text"


def test_another_encoding_is_guessed_and_said(tmp_path: Path) -> None:
    given = [(f"très déçu par l'écran numéro {n}", "non" if n % 2 else "oui") for n in range(20)]
    dataset = opened(tmp_path / "x.csv", csv(rows=given).encode("cp1252"))
    assert len(dataset) == 20
    assert "x.csv is not in UTF-8" in words(dataset)


@pytest.mark.parametrize("ending", ["jsonl", "ndjson", "json"])
def test_json_lines_are_read(ending: str, tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"id": n, "text": text, "label": label}) for n, (text, label) in enumerate(ROWS))
    assert rows(opened(tmp_path / f"x.{ending}", lines)) == ROWS


def test_a_json_list_is_read_and_bad_lines_are_named(tmp_path: Path) -> None:
    listed = json.dumps([{"text": text, "label": int(label == "yes")} for text, label in ROWS])
    assert opened(tmp_path / "x.json", listed).classes == ("0", "1")
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    dataset = opened(tmp_path / "y.jsonl", "\n".join([lines[0], "{not json", "3", *lines[1:]]))
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [
        ("y.jsonl:2", "It is not a JSON object."),
        ("y.jsonl:3", "It is not a JSON object."),
    ]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("text,label\n", ("text", "label")),
        ("Review,Sentiment\n", ("Review", "Sentiment")),
        ("评论,标签\n", ("评论", "标签")),
        ("", ("1", "2")),
    ],
)
def test_columns_are_guessed(header: str, columns: tuple[str, str], tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.csv", csv(header=header))
    assert rows(dataset) == ROWS
    assert (dataset.facts["text_column"], dataset.facts["label_column"]) == columns


def test_columns_are_guessed_by_content_and_can_be_set(tmp_path: Path) -> None:
    table = "".join(f"{n};{'yn'[n % 2]};a longer sentence {n};{'pq'[n % 2]}{n % 4}\n" for n in range(20))
    dataset = opened(tmp_path / "x.csv", table)
    assert (dataset.facts["text_column"], dataset.classes) == ("3", ("n", "y"))
    assert opened(tmp_path / "x.csv", table, label_column="4").classes == ("p0", "p2", "q1", "q3")
    assert opened(tmp_path / "x.csv", table, text_column="4", label_column="2").training.texts()[0] == "p0"


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.csv has no column mood") as caught:
        opened(tmp_path / "x.csv", csv(), label_column="mood")
    assert "text, label" in str(caught.value.hint)
    with pytest.raises(UserError, match="cannot be both"):
        opened(tmp_path / "x.csv", csv(), label_column="text", text_column="text")


def test_a_first_row_that_is_no_header_is_kept(tmp_path: Path) -> None:
    assert len(opened(tmp_path / "x.csv", csv(header=""))) == 20
    assert len(opened(tmp_path / "x.csv", csv(header=""), header="yes")) == 19
    assert len(opened(tmp_path / "x.csv", csv(), header="no")) == 21


def test_rows_without_text_or_label_are_listed_with_their_line(tmp_path: Path) -> None:
    given = [ROWS[0], ("two\nlines", "yes"), ("", "yes"), ("no label here", ""), *ROWS[1:]]
    dataset = opened(tmp_path / "x.csv", csv(rows=given))
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [
        ("x.csv:5", "It has no text."),
        ("x.csv:6", "It has no label."),
    ]
    assert len(dataset) == 21


def test_a_quotation_mark_that_swallows_rows_is_noticed(tmp_path: Path) -> None:
    lines = csv().splitlines()
    lines[3] = '"an open quote,yes'
    dataset = None
    try:
        dataset = opened(
            tmp_path / "x.csv",
            "\n".join(line.replace('"', "") if n > 3 else line for n, line in enumerate(lines)) + '\n"',
        )
    except UserError as error:
        assert "could not be read as a table" in str(error)  # noqa: PT017 - either is a clear answer
    if dataset is not None:
        assert "a quotation mark is probably missing" in words(dataset)


def test_quotes_and_line_breaks_belong_to_texts(tmp_path: Path) -> None:
    content = 'text,label\n"she said ""fine"", then left",yes\n"one\ntwo",no\nplain,yes\nother,no\n'
    assert opened(tmp_path / "x.csv", content).training.texts()[:2] == ['she said "fine", then left', "one\ntwo"]


def test_what_no_font_or_database_takes_is_replaced(tmp_path: Path) -> None:
    lines = [json.dumps({"text": text, "label": label}) for text, label in [("a\0b \ud800 c", "x"), ("d", "y")] * 3]
    assert opened(tmp_path / "x.jsonl", "\n".join(lines)).training.texts()[0] == "a\ufffdb \ufffd c"


def test_a_split_column_and_split_files_are_honoured(tmp_path: Path) -> None:
    table = "text,label,split\n" + "".join(f"t{n},{n % 2},{'test' if n > 15 else 'train'}\n" for n in range(20))
    assert [len(split) for split in opened(tmp_path / "x.csv", table).splits.values()] == [16, 0, 4]
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, count in (("train", 20), ("val", 6), ("test", 4)):
        (folder / f"{name}.tsv").write_text(csv("\t", rows=ROWS[:count]))
    settings = recognise(folder)
    assert [len(split) for split in open_data(settings).splits.values()] == [20, 6, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"just\none\ncolumn\n", "only one column"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 30, "not a table|could not be read|only one column"),
        ("".join(f"text {n},{n}\n" for n in range(100)).encode(), "100 different values"),
        (b"text,label\n,\n,\n", "No row"),
    ],
)
def test_what_is_no_table_of_texts_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        opened(tmp_path / "x.csv", content)
    assert "x.csv" in str(caught.value)


def test_labels_that_are_numbers_are_in_order(tmp_path: Path) -> None:
    given = [(f"text {n}", str(n % 11)) for n in range(60)]
    assert opened(tmp_path / "x.csv", csv(rows=given)).classes == tuple(str(n) for n in range(11))


def test_equal_texts_in_two_splits_are_named(tmp_path: Path) -> None:
    table = "text,label,split\n" + "".join(f"t{n % 18},{n % 2},{'test' if n > 15 else 'train'}\n" for n in range(20))
    assert "2 in validation or test" in words(opened(tmp_path / "x.csv", table))


@pytest.mark.parametrize(
    ("delimiter", "sign"), [("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("bar", "|"), ("auto", ";")]
)
def test_the_delimiter_can_be_chosen(delimiter: str, sign: str, tmp_path: Path) -> None:
    assert rows(opened(tmp_path / "x.csv", csv(sign), delimiter=delimiter)) == ROWS


def test_the_encoding_can_be_chosen(tmp_path: Path) -> None:
    given = [("\u5f88\u597d\u7528", "\u597d"), ("\u5f88\u5dee", "\u5dee"), *ROWS]
    dataset = opened(tmp_path / "x.csv", csv(rows=given).encode("gb18030"), encoding="gb18030")
    assert rows(dataset) == given
    assert dataset.facts["encoding"] == "GB18030"
    assert "is not in UTF-8" not in words(dataset)
    assert rows(opened(tmp_path / "x.csv", csv(rows=given).encode("gb18030"), encoding="cp1252")) != given


def test_parquet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    texts, labels = zip(*ROWS, strict=True)
    frame = polars.DataFrame({"n": range(20), "text": texts, "label": labels, "when": [{"day": 1}] * 20})
    frame.write_parquet(path)
    settings = TextTableSettings(path=str(path), validation=0, test=0)
    assert rows(open_data(settings)) == ROWS
    long = [f"{text}, which came in a box with {n} other things" for n, text in enumerate(texts * 10)]
    polars.DataFrame({"text": long, "label": labels * 10}).write_parquet(path)
    assert getattr(recognise(path), "kind", "") == "text_table"
    tags = [["a", "b"], ["a"], []] * 10
    polars.DataFrame({"text": [f"text {n}" for n in range(30)], "tags": tags}).write_parquet(path)
    dataset = open_data(settings)
    assert (dataset.task, dataset.classes) == ("multi_label", ("a", "b"))
    path.write_bytes(b"PAR1 but nothing else")
    with pytest.raises(UserError, match=r"x\.parquet could not be read as a table"):
        open_data(settings)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_an_endless_line_is_left_out_with_the_reason(name: str, tmp_path: Path) -> None:
    given = [ROWS[0], ("word " * 300_000, "yes"), *ROWS[1:]]
    lines = [json.dumps({"text": text, "label": label}) for text, label in given]
    dataset = opened(tmp_path / name, csv(rows=given) if name == "x.csv" else "\n".join(lines))
    assert rows(dataset) == ROWS
    place = f"{name}:{3 if name == 'x.csv' else 2}"
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [
        (place, "It is longer than a million characters.")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_a_line_of_100_megabytes_is_refused_or_left_out(name: str, tmp_path: Path) -> None:
    long = "a" * 100_000_000
    content = f"text,label\n{long},yes\n" if name == "x.csv" else json.dumps({"text": long, "label": "yes"})
    with pytest.raises(UserError) as caught:
        opened(tmp_path / name, content)
    assert "longer than a million characters" in f"{caught.value} {caught.value.hint}"
    dataset = opened(tmp_path / "y.csv", csv() + f"{long},yes\n")
    assert len(dataset) == 20
    assert str(dataset.skipped[0].reason) == "It is longer than a million characters."


def test_a_column_of_40_000_different_values_is_no_label(tmp_path: Path) -> None:
    table = "text,label,number\n" + "".join(f"t{n % 7},{n % 2},{n}\n" for n in range(40_000))
    with pytest.raises(UserError) as caught:
        opened(tmp_path / "x.csv", table, label_column="number")
    told = "The label column number has 40,000 different values in 40,000 rows, too many to tell apart."
    assert str(caught.value.message) == told
    assert "There are: text, label, number." in str(caught.value.hint)
    assert opened(tmp_path / "x.csv", table, label_column="label").classes == ("0", "1")


def test_one_class_is_refused_before_training(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.csv", csv(rows=[(text, "yes") for text, _ in ROWS]), label_column="label")
    with pytest.raises(UserError, match="There is only one class, yes"):
        require_trainable(dataset)


def test_texts_without_a_word_leave_no_vocabulary(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "x.csv", csv(rows=[("...", "yes"), ("---", "no")] * 10))
    architecture = SimpleNamespace(tokens="word", vocabulary=100, length="auto")
    with pytest.raises(UserError, match="The vocabulary is empty: no training text holds a word") as caught:
        fit(dataset, architecture)
    assert "Choose Characters" in str(caught.value.hint)
    assert fit(dataset, SimpleNamespace(tokens="character", vocabulary=100, length="auto")).inputs.vocabulary == 4


def test_numbers_can_be_predicted_from_texts(tmp_path: Path) -> None:
    table = "text,rating\n" + "".join(f"text {n},{n / 2}\n" for n in range(20))
    dataset = opened(tmp_path / "x.csv", table, task="regression")
    assert (dataset.task, dataset.classes, dataset.outputs) == ("regression", (), 1)
    assert dataset.target is not None
    assert (dataset.target.names, dataset.target.mean) == (("rating",), (4.75,))
    assert dataset.training.targets.dtype == np.float32
    assert dataset.training.targets[:3].tolist() == [[0.0], [0.5], [1.0]]
    for cell in ("much", "nan"):
        with pytest.raises(UserError, match=f"The label {cell} is not a number"):
            opened(tmp_path / "y.csv", f"{table}another,{cell}\n", task="regression")
    with pytest.raises(UserError, match="the same number, 3"):
        opened(tmp_path / "z.csv", "text,rating\n" + "a,3\nb,3\n" * 5, task="regression", label_column="rating")


def test_lengths_are_told_in_words_and_characters(tmp_path: Path) -> None:
    given = [("one two three", "yes"), ("\u5f88\u597d\u7528", "no"), ("word " * 2_468, "yes")] * 4
    lengths = opened(tmp_path / "x.csv", csv(rows=given)).facts["lengths"]
    assert lengths["word"] == {"lengths": [3, 2470], "counts": [8, 4]}  # 2,468 is rounded up
    assert lengths["character"] == {"lengths": [3, 13, 12400], "counts": [4, 4, 4]}


def test_parts_of_splits_are_put_together(tmp_path: Path) -> None:
    for name, count in (("train-00000-of-00002", 8), ("train-00001-of-00002", 6), ("test-00000-of-00001", 4)):
        frame = polars.DataFrame(
            {"text": [f"{name} text {n}" for n in range(count)], "label": ["a", "b"] * (count // 2)}
        )
        frame.write_parquet(tmp_path / f"{name}.parquet")
    dataset = open_data(TextTableSettings(path=str(tmp_path), validation=0))
    assert {name: len(split) for name, split in dataset.splits.items()} == {"training": 14, "validation": 0, "test": 4}
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "test_of_taste.csv").write_text(csv())
    assert len(open_data(TextTableSettings(path=str(tmp_path / "alone"), validation=0, test=0)).training) == 20
