"""Decoding over several processes: the same pixels, progress, cancelling, and a process that dies."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.data.pictures import content, files, tarred, tree, zipped
from workbench.core.errors import UserError
from workbench.core.words import Words
from workbench.data import Dataset, Progress, decode_worker, decoding, open_data
from workbench.data.dataset import ignore

STAGE = Words("Decoding images")


@pytest.fixture
def several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "FEW", 0)
    monkeypatch.setattr(decoding, "_CHUNK", 4)


def plan_for(folder: Path, given: dict[str, bytes]) -> dict[str, object]:
    tree(folder, given)
    (folder / "paths").write_bytes("\0".join(str(folder / name) for name in given).encode())
    np.save(folder / "measures.npy", np.zeros((len(given), 3), np.int32))
    np.save(folder / "images.npy", np.zeros((len(given), 8, 8, 3), np.uint8))
    np.save(folder / "digests.npy", np.zeros((len(given), 2), np.uint64))
    arrays = {name: str(folder / f"{name}.npy") for name in ("measures", "images", "digests")}
    access = {"kind": "paths", "paths": str(folder / "paths")}
    return {"channels": 3, "height": 8, "width": 8, "access": access, **arrays}


def opened(path: Path) -> Dataset:
    return open_data({"kind": "image_folder", "path": str(path)})


def pixels(dataset: Dataset) -> dict[str, bytes]:
    splits = dataset.splits.values()
    return {name: image.tobytes() for split in splits for name, image in zip(split.names, split.rows(), strict=True)}


@pytest.mark.parametrize("form", ["folder", "x.zip", "x.tar", "x.tar.gz"])
def test_several_processes_give_what_one_gives(
    form: str, tmp_path: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = files(9) | {"cat/bad.png": b"no image"}
    path = tmp_path / form
    if form == "folder":
        tree(path, given)
    elif form == "x.zip":
        zipped(path, given)
    else:
        tarred(path, given, "w" if form == "x.tar" else "w:gz")
    one = opened(path)
    monkeypatch.setattr(decoding, "FEW", 0)
    monkeypatch.setattr(decoding, "_CHUNK", 4)
    monkeypatch.setenv("WORKBENCH_CACHE", str(own_folders / "another"))
    several = opened(path)
    assert pixels(one) == pixels(several)
    assert [item.name for item in several.skipped] == ["cat/bad.png"]
    assert np.array_equal(np.load(one.cache / "digests.npy"), np.load(several.cache / "digests.npy"))


@pytest.mark.usefixtures("several_processes")
def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    count = 20
    plan = plan_for(tmp_path, {f"{n}.png": content(n) for n in range(count)})
    outcome = decoding.decode(plan, count, None, told.append, stage=STAGE, processes=2)
    assert not outcome.failed
    assert told[0].done == 0
    assert [item.done for item in told] == sorted(item.done for item in told)
    assert (told[-1].done, told[-1].total) == (count, count)


@pytest.mark.usefixtures("several_processes")
def test_a_cancel_ends_the_processes_and_leaves_no_cache(tmp_path: Path, own_folders: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(progress: Progress) -> None:
        if str(progress.stage) == "Decoding images" and progress.done:
            raise Cancelled

    settings = {"kind": "image_folder", "path": str(tree(tmp_path, files(60)))}
    with pytest.raises(Cancelled):
        open_data(settings, cancel)
    assert not psutil.Process().children()
    assert not list((own_folders / "cache" / "data").iterdir())
    assert len(open_data(settings)) == 120


@pytest.mark.usefixtures("several_processes")
@pytest.mark.skipif(os.name == "nt", reason="FIFOs are of other systems")
def test_a_cancel_reaches_a_process_that_is_stuck(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    os.mkfifo(tmp_path / "stuck.png")
    plan = plan_for(tmp_path, {"good.png": content(1)})
    (tmp_path / "paths").write_bytes(f"{tmp_path / 'stuck.png'}\0{tmp_path / 'good.png'}".encode())
    for name, shape in (("measures", (2, 3)), ("images", (2, 8, 8, 3)), ("digests", (2, 2))):
        np.save(
            tmp_path / f"{name}.npy", np.zeros(shape, {"measures": np.int32, "images": np.uint8}.get(name, np.uint64))
        )
    calls = 0

    def cancel(progress: Progress) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise Cancelled

    before = time.monotonic()
    with pytest.raises(Cancelled):
        decoding.decode(plan, 2, None, cancel, stage=STAGE, processes=1)
    assert time.monotonic() - before < 10
    assert not psutil.Process().children()
    assert threading.active_count() < 10


@pytest.mark.usefixtures("several_processes")
def test_an_image_that_kills_its_process_is_skipped_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "worker.py"
    source = (
        Path(decode_worker.__file__)
        .read_text(encoding="utf-8")
        .replace("parents[2]", f"parents[0] / {str(Path.cwd())!r}")
    )
    deadly = "    def _one(self, row, source):\n        if row == 5: import os; os._exit(1)\n"
    deadly += "        return self._really(row, source)\n\n    def _really(self, row"
    script.write_text(source.replace("    def _one(self, row", deadly), encoding="utf-8")
    monkeypatch.setattr(decode_worker, "__file__", str(script))
    plan = plan_for(tmp_path, {f"{n}.png": content(n) for n in range(11)})
    outcome = decoding.decode(plan, 11, None, ignore, stage=STAGE, processes=2)
    assert {row: str(reason) for row, reason in outcome.failed.items()} == {5: "It made the decoder crash."}
    images = np.load(tmp_path / "images.npy")
    assert all(images[row].any() for row in range(11) if row != 5)


@pytest.mark.usefixtures("several_processes")
def test_processes_that_cannot_start_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "worker.py"
    script.write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.setattr(decode_worker, "__file__", str(script))
    plan = plan_for(tmp_path, {f"{n}.png": content(n) for n in range(9)})
    with pytest.raises(RuntimeError, match="end as soon as they start"):
        decoding.decode(plan, 9, None, ignore, stage=STAGE, processes=1)


def test_a_worker_ends_when_its_parent_does(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, {"0.png": content(0)})
    code = (
        "import subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, '-P', sys.argv[1]], stdin=subprocess.PIPE)\n"
        "worker.stdin.write(sys.argv[2].encode() + b'\\n'); worker.stdin.flush()\n"
        "print(worker.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, decode_worker.__file__, json.dumps(plan)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    try:
        worker.wait(20)
    except psutil.NoSuchProcess:
        return
    assert not worker.is_running()


def test_workers_load_neither_torch_nor_settings() -> None:
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='worker'); "
        "print([name for name in ('torch', 'pydantic', 'polars', 'workbench.data') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", code, decode_worker.__file__]
    assert subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip() == "[]"


def test_opening_data_does_not_import_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from workbench.data import kinds, open_data\n"
        "list(kinds); open_data({'kind': 'samples'}); open_data({'kind': 'samples', 'name': 'reviews'})\n"
        "import workbench.data.preprocessing, workbench.data.augmentation; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "False"


def test_few_images_are_decoded_in_place() -> None:
    assert decoding.processes_for(500, 1_000_000) == 0
    assert decoding.processes_for(60_000, 60_000_000) >= 1


def test_a_stream_that_ends_early_gives_unreadable_rows(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, {f"{n}.png": content(n) for n in range(3)})

    def stream() -> Iterator[bytes]:
        yield content(0)

    outcome = decoding.decode({**plan, "access": {"kind": "pipe"}}, 3, stream(), ignore, stage=STAGE, processes=0)
    assert {row: str(reason) for row, reason in outcome.failed.items()} == {1: "It is empty.", 2: "It is empty."}


def test_what_a_worker_says_of_an_error_can_be_translated(tmp_path: Path) -> None:
    job = decode_worker.Job(plan_for(tmp_path, {"0.png": b"x"}))
    (row, error), = job.done(0, 1)["failed"]  # fmt: skip
    assert row == 0
    assert str(UserError.from_plain(error)) == "It is not an image of a known format."
