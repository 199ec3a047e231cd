"""Faults of data, by their numbers: damaged, hostile, odd and unfit files, each brought in as a person would."""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from PIL import Image

from tests import folders
from tests.bad_inputs import CLASSES, recipe_file
from tests.data.pictures import content, files, picture, tarred, tree, zipped
from workbench.cli import main
from workbench.core.errors import UserError
from workbench.core.words import from_plain, tr
from workbench.engine import ask

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="is tried by means of Linux")


def opened(path: Path, **settings: Any) -> dict[str, Any]:
    """Return what the Data page is told of what was dropped on it."""
    return ask("data.open", {"data": {**ask("data.recognise", {"path": str(path)})["data"], **settings}})


def said(answer: dict[str, Any]) -> list[str]:
    return [tr(from_plain(problem["words"])) for problem in answer["problems"]]


def count(answer: dict[str, Any]) -> int:
    return sum(split["count"] for split in answer["splits"].values())


def refused(path: Path, **settings: Any) -> str:
    with pytest.raises(UserError) as caught:
        opened(path, **settings)
    return caught.value.translated()


def train(capsys: pytest.CaptureFixture[str], recipe: Path, place: Path) -> tuple[int, dict[str, Any], str]:
    """Train a recipe by the command; return the exit code, the report and what was said."""
    code = main(["train", str(recipe), "--runs", str(place / "runs"), "--json"])
    told = capsys.readouterr()
    return code, json.loads(told.out.splitlines()[-1]) if told.out.strip() else {}, told.err


def in_a_process(code: str, *arguments: str | Path) -> str:
    """Return what a program of these lines prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def test_d1_damaged_images_are_counted_listed_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folders.image_folder(tmp_path / "shapes", CLASSES, 100)
    chance = random.Random(0)
    damaged = sorted(chance.sample(sorted(folder.rglob("*.png")), 10))  # 5 % of them
    for path in damaged:
        path.write_bytes(path.read_bytes()[: chance.randrange(5, 60)])
    answer = opened(folder)
    assert "10 of 200 could not be read and are skipped." in said(answer)
    names = sorted(path.relative_to(folder).as_posix() for path in damaged)
    assert sorted(item["name"] for item in answer["skipped"]) == names
    assert count(answer) == 190
    code, report, told = train(capsys, recipe_file(tmp_path, folder), tmp_path)
    assert (code, report["outcome"]) == (0, "finished")  # the rest trains
    assert f"{names[0]} is left out" in told


@LINUX
def test_d2_a_decompression_bomb_is_too_large_and_takes_no_memory(tmp_path: Path) -> None:
    folder = tree(tmp_path / "images", files(6))
    Image.new("1", (20_000, 20_000)).save(folder / "cat" / "bomb.png")  # 400 million pixels in some 50 kB
    assert (folder / "cat" / "bomb.png").stat().st_size < 100_000
    code = (
        "import resource, sys\nfrom workbench.engine import ask\nask('data.open', {'data': {'kind': 'samples'}})\n"
        "def most(): return max(resource.getrusage(who).ru_maxrss for who in (0, -1))\nbefore = most()\n"
        "answer = ask('data.open', {'data': ask('data.recognise', {'path': sys.argv[1]})['data']})\n"
        "print(answer['skipped'][0]['name'])\nprint(answer['skipped'][0]['reason'])\nprint(most() - before)"
    )
    name, reason, grown = in_a_process(code, folder).splitlines()
    assert name == "cat/bomb.png"
    assert "It is too large: more than {most} million pixels." in reason
    assert int(grown) < 200_000  # kB


@pytest.mark.parametrize(
    "start", [b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%touch canary) (w) file\n", b"8BPS\0\1" + b"\0" * 20, b"SIMPLE  =  T"]
)
def test_d3_what_is_no_image_starts_no_other_program(start: bytes, tmp_path: Path) -> None:
    folder = tree(tmp_path / "images", files(6))
    (folder / "cat" / "odd.png").write_bytes(start + b"\n" * 200)
    code = (
        "import sys\nfrom workbench.engine import ask\nstarted = []\n"
        "def heard(event, values):\n"
        "    if event in ('subprocess.Popen', 'os.system', 'os.exec', 'os.posix_spawn') and 'decode_worker' not in "
        "str(values): started.append(str(values))\n"
        "sys.addaudithook(heard)\n"
        "answer = ask('data.open', {'data': ask('data.recognise', {'path': sys.argv[1]})['data']})\n"
        "print(answer['skipped'][0]['name'], answer['skipped'][0]['reason']['template'])\nprint(started)"
    )
    reason, started = in_a_process(code, folder).splitlines()
    assert reason.startswith("cat/odd.png It is not an image")
    assert started == "[]"


def test_d4_odd_images_are_converted_and_a_note_says_so(tmp_path: Path) -> None:
    folder = tree(tmp_path / "images", files(6))
    place = folder / "cat"
    picture(1, mode="CMYK").save(place / "print.tif")
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(place / "deep.png")
    picture(2, mode="RGBA").save(place / "alpha.png")
    picture(3).save(place / "moving.gif", save_all=True, append_images=[picture(4)])
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(5).save(place / "turned.jpg", exif=exif)
    answer = opened(folder)
    assert not answer["skipped"]
    for sentence in (
        "Converted from the colours of print: 1.",
        "Brought from 16 to 8 bits: 1.",
        "Transparency is shown over white: 1.",
        "Only the first picture of an animation or document is used: 1.",
        "Turned as the camera noted: 1.",
    ):
        assert sentence in said(answer)
    images = np.load(Path(answer["cache"]) / "images.npy")
    rows = {row["name"]: row["row"] for split in answer["splits"] for row in _rows(folder, split)}
    assert (images[rows["cat/deep.png"]] == 100).all()


def _rows(folder: Path, split: str) -> list[dict[str, Any]]:
    data = ask("data.recognise", {"path": str(folder)})["data"]
    return ask("data.rows", {"data": data, "split": split, "start": 0, "count": 1000})["rows"]


def hostile_archives(place: Path) -> list[Path]:
    """Make archives that would write outside, lead outside, or grow without end."""
    made: list[Path] = []
    good = files(4)
    names = ("../evil.png", "cat/../../evil.png", "/tmp/evil.png", "..\\evil.png", "C:\\evil.png", "\\\\host\\evil.png",
             "cat/./../../evil.png", "....//evil.png/../../../x.png", "//evil.png")  # fmt: skip
    for number, name in enumerate(names):
        made.append(zipped(place / f"slip-{number}.zip", good | {name: content(1)}))
        made.append(tarred(place / f"slip-{number}.tar", good | {name: content(1)}, "w"))
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    for number, kind in enumerate(kinds):
        for target in ("/etc/passwd", "../../outside"):
            path = tarred(place / f"link-{number}-{len(target)}.tar", good, "w")
            with tarfile.open(path, "a") as archive:
                odd = tarfile.TarInfo("cat/odd.png")
                odd.type, odd.linkname = kind, target
                archive.addfile(odd)
            made.append(path)
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = 0o120777 << 16
    path = zipped(place / "link.zip", good)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    made.append(path)
    return [*made, _bomb(place / "bomb.zip", good)]


def _bomb(path: Path, good: dict[str, bytes]) -> Path:
    """Make an archive whose member says to be an image and unpacks to 600 MB of nothing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in good.items():
            archive.writestr(name, data)
        with archive.open("cat/bomb.png", "w", force_zip64=True) as member:
            for _ in range(600):
                member.write(bytes(1_000_000))
    return path


def test_d5_hostile_archives_are_refused_and_nothing_is_written_outside(tmp_path: Path) -> None:
    place = tmp_path / "archives"
    place.mkdir()
    archives = hostile_archives(place)
    assert len(archives) >= 30
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    for path in archives:
        if path.name == "bomb.zip":
            answer = opened(path)
            assert [item["name"] for item in answer["skipped"]] == ["cat/bomb.png"]
            assert tr(from_plain(answer["skipped"][0]["reason"])) == "It is too large."
            continue
        message = refused(path)
        assert message.startswith(f"{path.name} is refused: "), message
        assert "points outside" in message or "is a link or a device" in message
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("cp1252", "Windows-1252"), ("gb18030", "GB18030")],
)
def test_d6_tables_in_any_encoding_keep_their_header_and_say_how_they_were_read(
    encoding: str, shown: str, tmp_path: Path
) -> None:
    words = (
        ("这部电影很好看,好", "太差了,差")
        if encoding == "gb18030"
        else ("déjà vu à la carte,très bon", "ça va,mauvais")
    )
    header = "评论,标签" if encoding == "gb18030" else "text,label"
    lines = [header, *(f"{number} {line}" for number in range(12) for line in words)]
    path = tmp_path / "table.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    answer = opened(path)
    assert answer["classes"] == sorted({line.split(",")[1] for line in words})
    assert count(answer) == 24
    data = ask("data.recognise", {"path": str(path)})["data"]
    text = next(
        row["text"] for row in ask("data.rows", {"data": data, "split": "training", "start": 0, "count": 99})["rows"]
    )
    assert text in {line.split(",")[0] for line in lines}  # no mark is joined to the first name, and no letter is lost
    sentence = f"table.csv is not in UTF-8; it was read as {shown}. Look whether the texts are right."
    assert (sentence in said(answer)) == bool(shown)
    chosen = opened(path, encoding=encoding.replace("-sig", ""))  # and the person can choose
    assert chosen["classes"] == answer["classes"]


def test_d7_a_nul_a_huge_field_and_an_open_quote_are_named_by_line(tmp_path: Path) -> None:
    lines = ["text,label", *(f"text number {row},{'yes' if row % 2 else 'no'}" for row in range(40))]
    path = tmp_path / "table.csv"
    path.write_text("\n".join([*lines[:20], "with a \0 in it,yes", *lines[20:]]))
    assert any("line 21" in sentence for sentence in said(opened(path)))
    path.write_text("\n".join([*lines[:20], "x" * 200_000 + ",yes", *lines[20:]]))  # csv.Error in Python's own reader
    assert count(opened(path)) == 41
    path.write_text("\n".join([*lines[:20], '"never closed,yes', *lines[20:]]))
    try:
        sentences = " ".join(said(opened(path)))
        assert "a quotation mark is probably missing" in sentences
    except UserError as error:
        assert "table.csv" in error.translated()  # noqa: PT017 - either is a clear answer


def test_d8_broken_letters_are_replaced_and_said_and_an_endless_line_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    rows = [json.dumps({"text": f"row {row} \ud800 here", "label": "ab"[row % 2]}) for row in range(20)]
    path.write_text("\n".join(rows))
    answer = opened(path)
    data = ask("data.recognise", {"path": str(path)})["data"]
    (row, *_) = ask("data.rows", {"data": data, "split": "training", "start": 0, "count": 1})["rows"]
    assert "\ufffd" in row["text"]
    json.dumps(row, ensure_ascii=False).encode()  # it can be shown, kept and sent
    assert count(answer) == 20
    broken = tmp_path / "broken.csv"
    good = "\n".join(f"a fine text of some length number {row},{'ab'[row % 2]}" for row in range(40))
    broken.write_bytes(f"text,label\n{good}\n".encode() + b"broken \xff\xfe here,a\n")
    assert any(sentence.startswith("broken.csv is not in UTF-8") for sentence in said(opened(broken)))


@pytest.mark.slow
def test_d8_a_line_of_100_megabytes_is_left_out_in_time(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    good = "\n".join(f"text {row},{'ab'[row % 2]}" for row in range(40))
    path.write_bytes(f"text,label\n{good}\n".encode() + b"x" * 100_000_000 + b",a\n")
    began = time.monotonic()
    try:
        answer = opened(path)
    except UserError as error:
        assert "long.csv" in error.translated()  # noqa: PT017 - either is a clear answer
    else:
        assert count(answer) >= 40
        assert any(len(item["name"]) < 100 for item in answer["skipped"])
    assert time.monotonic() - began < 60


def table(path: Path, **columns: Any) -> Path:
    rows = 40
    plain = {"size": [row * 0.5 for row in range(rows)], "price": [float(row % 7) + 0.1 * row for row in range(rows)]}
    polars.DataFrame({**plain, **columns}).write_csv(path)
    return path


def test_d9_what_cannot_be_learned_is_refused_before_the_start_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    assert "The target price is empty." in refused(table(path, price=[None] * 40), target=["price"])
    assert "has the same value in every row" in refused(table(path, price=[1.0] * 40), target=["price"])
    alone = folders.image_folder(tmp_path / "alone", ("circle",), 10)
    assert refused(alone) == (
        "There is only one class, circle, so there is nothing to tell apart. Add samples of at least one more class."
    )
    code, _, told = train(capsys, recipe_file(tmp_path, alone), tmp_path)
    assert code == 1
    assert "There is only one class, circle" in told
    assert not list((tmp_path / "runs").glob("*/checkpoints/*"))  # it was refused before the first step


def test_d9_rows_without_a_number_to_learn_are_named(tmp_path: Path) -> None:
    price = [
        float("nan") if row == 3 else float("inf") if row == 8 else None if row == 11 else row * 1.5
        for row in range(40)
    ]
    answer = opened(table(tmp_path / "rows.csv", price=price), target=["price"])
    reasons = {item["name"]: tr(from_plain(item["reason"])) for item in answer["skipped"]}
    assert set(reasons) == {"rows.csv:5", "rows.csv:10", "rows.csv:13"}  # the header is line 1
    assert set(reasons.values()) == {"Its target is missing, or not a finite number."}
    assert count(answer) == 37


def test_d9_copies_across_splits_and_empty_splits_are_said(tmp_path: Path) -> None:
    given = files(10, above="train/")
    copies = {name.replace("train/", "val/"): data for name, data in given.items()}
    answer = opened(tree(tmp_path / "both", given | copies))
    assert any("also lie in another split, so the figures there come out too good" in words for words in said(answer))
    answer = opened(folders.image_folder(tmp_path / "none", CLASSES, 10), validation=0, test=0)
    assert "There are no validation samples, so the best epoch cannot be told." in said(answer)


@LINUX
def test_d12_names_of_any_bytes_are_shown_on_one_line(tmp_path: Path) -> None:
    folder = tree(tmp_path / "images", files(6))
    odd = {
        b"caf\xe9.png": "cat/caf\\xe9.png",
        b"two\nlines.png": "cat/two\\nlines.png",
        "\u202egnp.exe.png".encode(): "cat/\\u202egnp.exe.png",
        b"x" * 251 + b".png": "cat/" + "x" * 251 + ".png",
    }
    for number, name in enumerate(odd):
        with open(os.path.join(os.fsencode(folder), b"cat", name), "wb") as file:
            file.write(content(500 + number))
    answer = opened(folder)
    assert count(answer) == 16
    names = {row["name"] for split in answer["splits"] for row in _rows(folder, split)}
    assert set(odd.values()) <= names
    with open(os.path.join(os.fsencode(folder), b"cat", b"bad\xe9\n.png"), "wb") as file:
        file.write(b"no image")
    assert [item["name"] for item in opened(folder)["skipped"]] == ["cat/bad\\xe9\\n.png"]


def test_the_window_decodes_nothing_foreign_itself() -> None:
    """No module of the window imports what decodes images or tables: engine and jobs do, in their own processes."""
    code = (
        "import sys\nimport workbench.gui.app, workbench.gui.main_window\n"
        "print([name for name in ('PIL', 'polars', 'torch', 'safetensors', 'tokenizers') if name in sys.modules])"
    )
    assert in_a_process(code).strip() == "[]"


def test_a_small_file_of_noise_is_named_and_not_opened(tmp_path: Path) -> None:
    file = io.BytesIO(random.Random(0).randbytes(2000)).getvalue()
    (tmp_path / "noise.bin").write_bytes(file)
    assert "noise.bin" in refused(tmp_path / "noise.bin")
