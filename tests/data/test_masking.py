"""Masking: nothing personal reaches the disk, and what a model is asked is masked as its training data were."""

import inspect
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from tests.trained import SMALL_TEXTS
from tests.training.runs import trained
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished
from workbench.core.run_folder import RunFolder
from workbench.data import cache, open_data
from workbench.data.hub_install import folder_of
from workbench.data.masked_preprocessing import MaskedPreprocessing
from workbench.data.masker import Masker
from workbench.data.masking import Masking
from workbench.data.masking_key import key_called, key_file, name_of_key
from workbench.data.preprocessing import fit, from_plain
from workbench.data.table_preprocessing import TablePreprocessing
from workbench.data.text_preprocessing import TextPreprocessing
from workbench.data.token_preprocessing import SubwordPreprocessing
from workbench.engine import ask
from workbench.export.exporting import export
from workbench.inference.evaluation import evaluate_run
from workbench.inference.predictor import Item, Predictor
from workbench.training.worker import train_run

TRAINING = {"epochs": 1, "batch_size": 16, "device": "cpu", "threads": 1}
WRITER = {"kind": "gpt", "tokens": "character", "context": 16, "layers": 1, "heads": 2, "width": 16}
BOTH = {"mail": True, "phone": True}


class People:
    """Forty people with a mail address and a telephone number each, and texts in which they stand."""

    def __init__(self) -> None:
        chance = random.Random(5)
        self.mails = [f"pers.on{n}@hidden{n % 7}.example" for n in range(40)]
        self.phones = [f"138{chance.randrange(10**8):08d}" for _ in self.mails]
        self.texts = [
            f"{'lovely' if n % 2 else 'awful'} tea {n}, write to {mail} or call {phone} today"
            for n, (mail, phone) in enumerate(zip(self.mails, self.phones, strict=True))
        ]
        self.labels = ["yes" if n % 2 else "no" for n in range(40)]

    def found_below(self, folder: Path) -> list[str]:
        """Return the files below a folder with anything of these people, however it is written."""
        wanted = [text.encode(code) for text in (*self.mails, *self.phones) for code in ("utf-8", "utf-16-le")]
        wanted += [np.array(int(phone), kind).tobytes() for phone in self.phones for kind in (np.float64, np.int64)]
        return [
            str(file)
            for file in folder.rglob("*")
            if file.is_file() and any(text in file.read_bytes() for text in wanted)
        ]


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def data(tmp_path: Path, people: People) -> dict[str, dict[str, Any]]:
    """Data of every kind that can be masked, by kind, outside of the folders of the program."""
    rows = list(zip(people.texts, people.labels, strict=True))
    table = tmp_path / "texts.csv"
    table.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    for mail, (text, label) in zip(people.mails, rows, strict=True):
        for folder in (tmp_path / "folder" / label, tmp_path / "files"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{mail}.txt").write_text(text, encoding="utf-16")
    lines = ["mail,tel,城市,size,species"]
    for n in range(40):
        cells = (
            people.mails[n % 9],
            people.phones[n % 9],
            "北京" if n % 3 else "上海",
            n % 2 * 3 + n / 100,
            "ab"[n % 2],
        )
        lines.append(",".join(map(str, cells)))
    (tmp_path / "table.csv").write_bytes("\n".join(lines).encode("gb18030"))  # which has to be converted
    return {
        "text_table": {"kind": "text_table", "path": str(table)},
        "text_folder": {"kind": "text_folder", "path": str(tmp_path / "folder")},
        "text_file": {"kind": "text_file", "path": str(tmp_path / "files")},
        "table": {"kind": "table", "path": str(tmp_path / "table.csv"), "target": ["species"]},
    }


ARCHITECTURES = {
    "text_table": SMALL_TEXTS,
    "text_folder": {**SMALL_TEXTS, "tokens": "bpe", "vocabulary": 400},
    "text_file": WRITER,
    "table": {"kind": "mlp"},
}


def run_of(data: dict[str, Any], runs: Path, **masking: Any) -> RunFolder:
    whole = {**data, "masking": {**BOTH, **masking}, "validation": 0.2, "test": 0.2}
    return trained(runs, data=whole, architecture=ARCHITECTURES[data["kind"]], training=TRAINING)[0]


SLOW = pytest.mark.slow


@pytest.mark.parametrize("method", ["mask", pytest.param("hash", marks=SLOW)])
@pytest.mark.parametrize("kind", list(ARCHITECTURES))
def test_masked_patterns_appear_nowhere_on_disk(
    kind: str, method: str, data: dict[str, dict[str, Any]], people: People, own_folders: Path
) -> None:
    open_data(data[kind])  # as the window does, before a person has said what is to be masked
    assert people.found_below(own_folders)
    run = run_of(data[kind], own_folders / "runs", method=method)
    evaluate_run(run)
    assert (run.path / "evaluation").is_dir()
    assert people.found_below(own_folders) == []


@pytest.mark.parametrize("method", [pytest.param("mask", marks=SLOW), "hash"])
def test_a_typed_address_is_masked_as_in_training(
    method: str, data: dict[str, dict[str, Any]], people: People, own_folders: Path
) -> None:
    predictor = Predictor.of_run(run_of(data["text_table"], own_folders / "runs", method=method))
    typed = f"awful tea, write to {people.mails[0].upper()}"
    masked = predictor.preprocessing.masker.text(typed)
    assert masked.startswith("awful tea, write to [mail")
    assert "@" not in masked
    answers = predictor.predict([Item("typed", typed), Item("masked", masked), Item("bytes", typed.encode())])
    assert answers[0].answer == answers[1].answer == answers[2].answer
    assert "mail" in predictor.preprocessing.vocabulary


def test_a_row_of_a_table_is_masked_as_in_training(
    data: dict[str, dict[str, Any]], people: People, own_folders: Path
) -> None:
    run = run_of(data["table"], own_folders / "runs", method="hash", columns=["城市"])
    preprocessing = Predictor.of_run(run).preprocessing
    assert {column.name for column in preprocessing.columns} == {"mail", "tel", "城市", "size"}
    row = {"mail": people.mails[0], "tel": f"+86 {people.phones[0]}", "城市": "北京", "size": "3"}
    encoded = preprocessing.encode(row)
    known = [len(column.categories) for column in preprocessing.columns if column.name != "size"]
    assert all(0 <= code < count for code, count in zip(encoded, known, strict=False))
    assert np.array_equal(encoded, preprocessing.encode({**row, "tel": float(people.phones[0])}))
    assert people.found_below(own_folders) == []
    assert not [file for file in own_folders.rglob("*") if file.is_file() and "北京".encode() in file.read_bytes()]


def test_numbers_of_parquet_are_masked_too(tmp_path: Path, people: People, own_folders: Path) -> None:
    numbers = {"tel": [int(phone) for phone in people.phones], "size": np.arange(40) % 2 * 3.0, "y": ["a", "b"] * 20}
    polars.DataFrame(numbers).write_parquet(tmp_path / "t.parquet")
    dataset = open_data({"kind": "table", "path": str(tmp_path / "t.parquet"), "masking": {"phone": True}})
    assert [feature["name"] for feature in dataset.facts["features"]] == ["size"]
    assert people.found_below(own_folders) == []


def test_a_first_row_taken_for_a_header_is_masked(tmp_path: Path, people: People, own_folders: Path) -> None:
    lines = [f"{mail},{n % 5},{n % 2}" for n, mail in enumerate(people.mails)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    data = {"kind": "table", "path": str(tmp_path / "t.csv"), "header": "yes", "target": ["3"], "masking": BOTH}
    open_data(data)
    assert people.found_below(own_folders) == []


def test_off_costs_nothing_and_changes_nothing(data: dict[str, dict[str, Any]]) -> None:
    assert Masking().masker() is None
    dataset = open_data(data["text_table"])
    assert "masking" not in dataset.facts
    assert "masking" not in fit(dataset, _settings()).to_plain()
    assert not key_file().exists()


def test_survives_plain_values(data: dict[str, dict[str, Any]]) -> None:
    dataset = open_data({**data["text_table"], "masking": {**BOTH, "method": "hash"}})
    made = fit(dataset, _settings())
    plain = json.loads(json.dumps(made.to_plain()))
    again = from_plain(plain)
    assert again == made
    assert again.to_plain() == made.to_plain()
    assert key_called(plain["masking"]["key"]).hex() not in json.dumps(plain)


def test_equal_values_have_equal_hashes_however_they_are_written() -> None:
    masker = Masker(("mail", "phone"), key=name_of_key())
    first, second = masker.text("+86 138-0013-8000"), masker.text("13800138000")
    assert first == second != masker.text("13800138001")
    assert masker.text("１３８００１３８０００") == first
    assert masker.text("A@B.example") == masker.text("a@b.example") != masker.text("c@b.example")
    assert masker.text(first) == first


def test_the_key_is_for_its_owner_alone_and_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    masker = Masker(("mail",), key=name_of_key())
    assert key_file().stat().st_mode & 0o077 == 0
    masked = masker.text("a@b.example")
    key_called.cache_clear()
    monkeypatch.setenv("WORKBENCH_MASKING_KEY", str(tmp_path / "other.key"))
    with pytest.raises(UserError, match="a key that is not on this machine"):
        masker.text("a@b.example")
    assert Masker(("mail",), key=name_of_key()).text("a@b.example") != masked
    (tmp_path / "other.key").write_text("no key")
    with pytest.raises(UserError, match="cannot be used"):
        name_of_key()


def test_where_no_key_can_be_made_nobody_is_asked_to_delete_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_MASKING_KEY", str(tmp_path / "file" / "masking.key"))
    with pytest.raises(UserError, match="cannot be made in") as refused:
        name_of_key()
    assert "delete" not in refused.value.translated()


def test_a_run_that_hashes_goes_on_with_its_key_only(data: dict[str, dict[str, Any]], own_folders: Path) -> None:
    run = run_of(data["text_table"], own_folders / "runs", method="hash")
    assert isinstance(train_run(run, ["training.epochs=2"]), Finished)
    key = key_file().read_text()
    key_file().unlink()
    key_called.cache_clear()
    ending = train_run(run, ["training.epochs=3"])
    assert isinstance(ending, Failed)
    assert "a key that is not on this machine" in ending.error["message"]
    key_file().parent.mkdir(exist_ok=True)
    key_file().write_text(key)
    assert isinstance(train_run(run, ["training.epochs=3"]), Finished)


def test_texts_of_the_hub_are_masked(people: People, own_folders: Path) -> None:
    place = folder_of("example/letters")
    place.mkdir(parents=True)
    rows = {"text": people.texts, "label": people.labels}
    polars.DataFrame(rows).write_parquet(place / "example.parquet")
    entry = {
        "configuration": "default",
        "commit": "0" * 40,
        "splits": {"train": [["example.parquet", (place / "example.parquet").stat().st_size]]},
        "names": {},
        "others": [],
        "partial": False,
    }
    cache.write_plain(place / "installed.json", {"auto": entry})
    data = {"kind": "hub", "name": "example/letters"}
    open_data(data)
    assert len(people.found_below(own_folders / "cache" / "data")) == 1
    dataset = open_data({**data, "masking": BOTH})
    assert "[mail]" in dataset.training.texts()[0]
    assert people.found_below(own_folders / "cache" / "data") == []
    assert fit(dataset, _settings()).to_plain()["masking"] == dataset.facts["masking"]
    counted = {one["name"]: one["count"] for one in ask("masking.preview", {"data": data})["found"]}
    assert counted["mail"] == counted["phone"] == 40


@pytest.mark.slow
def test_an_export_masks_what_it_is_given(
    data: dict[str, dict[str, Any]], people: People, own_folders: Path, tmp_path: Path
) -> None:
    run = run_of(data["text_table"], own_folders / "runs", method="hash")
    export(run, "pytorch", tmp_path / "out", lambda *_: None)
    preprocessing = Predictor.of_run(run).preprocessing
    text = f"awful tea, write to {people.mails[0]}"
    code = f"import model; print(model.prepare({text!r}).tolist())"
    environment = {"PATH": os.environ["PATH"], "WORKBENCH_MASKING_KEY": str(key_file())}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "out", env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == preprocessing.encode(text).tolist()
    assert preprocessing.inner.encode(text).tolist() != preprocessing.encode(text).tolist()
    assert people.found_below(tmp_path / "out") == []


def test_an_unknown_column_is_named(data: dict[str, dict[str, Any]]) -> None:
    for kind in ("table", "text_table"):
        with pytest.raises(UserError, match="has no column nothing"):
            open_data({**data[kind], "masking": {"columns": ["nothing"]}})


@pytest.mark.parametrize(("kind", "label"), [("text_table", "label"), ("table", "species")])
def test_a_label_that_is_masked_whole_does_not_make_another_column_the_label(
    kind: str, label: str, data: dict[str, dict[str, Any]], people: People
) -> None:
    if kind == "text_table":
        lines = [f'"{text}",{n % 8},{n % 2}' for n, text in enumerate(people.texts)]
        Path(data[kind]["path"]).write_text("\n".join(["text,team,label", *lines]) + "\n")
    settings = {**data[kind], "target": ["auto"]} if kind == "table" else data[kind]
    with pytest.raises(UserError, match=f"The label {label} cannot be hidden"):
        open_data({**settings, "masking": {"columns": [label]}})
    hashed = open_data({**settings, "masking": {"columns": [label], "method": "hash"}})
    assert len(hashed.classes) == 2
    assert all(name.startswith("[masked-") for name in hashed.classes)


def test_texts_that_are_masked_whole_do_not_make_another_column_the_texts(data: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(UserError, match="The texts of text cannot be hidden"):
        open_data({**data["text_table"], "masking": {"columns": ["1"]}})


@pytest.mark.parametrize("kind", ["text_folder", "text_file"])
def test_data_without_columns_have_none_to_mask_whole(kind: str, data: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(UserError, match="no columns that could be masked whole: label"):
        open_data({**data[kind], "masking": {"columns": ["label"]}})


@pytest.fixture(autouse=True)
def forgotten_keys() -> Iterator[None]:
    yield
    key_called.cache_clear()


def _settings() -> Any:
    from workbench.architectures import architectures

    return architectures["textcnn"].settings()


@pytest.mark.parametrize("kind", [TextPreprocessing, SubwordPreprocessing, TablePreprocessing])
def test_whatever_takes_a_text_or_a_row_is_masked_before(kind: type) -> None:
    raw = {"text", "texts", "raw"}
    takers = [
        name
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and raw & set(inspect.signature(method).parameters)
    ]
    assert "encode" in takers
    assert [name for name in takers if name not in vars(MaskedPreprocessing)] == []


def test_without_its_key_a_run_is_not_judged_by_other_hashes(tmp_path: Path, own_folders: Path) -> None:
    people = People()
    table = tmp_path / "people.csv"
    rows = [{"text": text, "label": number % 2} for number, text in enumerate(people.texts)]
    polars.DataFrame(rows).write_csv(table)
    data = {"kind": "text_table", "path": str(table), "masking": {"mail": True, "method": "hash"}}
    run, ending = trained(own_folders / "runs", data=data, architecture=SMALL_TEXTS, training=TRAINING)
    assert isinstance(ending, Finished), ending
    before = evaluate_run(run)
    key_file().rename(tmp_path / "masking.key")
    key_called.cache_clear()
    with pytest.raises(UserError, match="hashed with a key that is not on this machine"):
        evaluate_run(run)
    assert not key_file().exists()
    (tmp_path / "masking.key").rename(key_file())
    assert evaluate_run(run)["splits"] == before["splits"]


def test_another_mask_leaves_nothing_of_the_one_before(tmp_path: Path, own_folders: Path) -> None:
    people = People()
    table = tmp_path / "people.csv"
    polars.DataFrame({"text": people.texts, "label": [0, 1] * 20}).write_csv(table)
    kept = cache.cached(cache.TOKENS + "of a stream that was not masked", lambda folder: {})[0]
    settings: dict[str, Any] = {"kind": "text_table", "path": str(table)}
    for masking in ({"mail": True}, {"mail": True, "phone": True}):
        open_data({**settings, "masking": masking})
    assert not kept.exists()
    found = [file.read_bytes() for file in (own_folders / "cache").rglob("*") if file.is_file()]
    assert found
    assert not [phone for phone in people.phones if any(phone.encode() in content for content in found)]
