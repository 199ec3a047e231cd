"""Encrypted runs: usable with the passphrase only, nothing plain left on the disk, whole at every moment."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.trained import digits_run
from workbench.cli import main
from workbench.core import locked_file, passphrases, rewriting
from workbench.core.errors import UserError
from workbench.core.locked_file import is_locked
from workbench.core.locked_run import decrypt_run, encrypt_run, files_of
from workbench.core.locked_run import locked_file as one_locked
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import check_sealed
from workbench.engine.compressing import formats
from workbench.inference.comparing import compare
from workbench.inference.evaluation import evaluate_run, kept_evaluation
from workbench.inference.model_folder import model_of, read_model
from workbench.inference.predictor import Item, Predictor
from workbench.serving.counters import Counters
from workbench.serving.served import Shelf
from workbench.training.checkpoint import newest_sound
from workbench.training.compressing import compress
from workbench.training.forking import fork
from workbench.training.starting import source_of
from workbench.training.worker import train_run

PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return digits_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(locked_file, "_COST", 10)  # the usual cost takes a third of a second each time
    passphrases.forget()
    yield
    passphrases.forget()


@pytest.fixture
def run(trained: RunFolder, own_folders: Path) -> RunFolder:
    folder = RunFolder(own_folders / "runs" / trained.name)
    shutil.copytree(trained.path, folder.path)
    return folder


@pytest.fixture
def locked(run: RunFolder) -> RunFolder:
    assert encrypt_run(run, PASSPHRASE) == len(files_of(run))
    passphrases.forget()
    return run


def slices(run: RunFolder) -> list[bytes]:
    """Return a piece of every file that is to be encrypted, from its middle."""
    contents = [file.read_bytes() for file in files_of(run)]
    return [content[len(content) // 2 :][:24] for content in contents if len(content) > 100]


def test_an_encrypted_model_opens_with_the_passphrase_only(run: RunFolder) -> None:
    pixels = np.zeros((28, 28, 1), np.uint8)
    before = Predictor.of_run(run).predict([Item("x", pixels)])[0].answer
    encrypt_run(run, PASSPHRASE)
    passphrases.forget()
    with pytest.raises(UserError, match="its passphrase is needed"):
        Predictor.of_run(run)
    passphrases.remember("another passphrase")
    with pytest.raises(UserError, match="is not right"):
        Predictor.of_run(run)
    passphrases.remember(PASSPHRASE)
    assert Predictor.of_run(run).predict([Item("x", pixels)])[0].answer == before


def test_nothing_plain_is_left_on_the_disk(run: RunFolder, own_folders: Path) -> None:
    wanted = slices(run)
    assert len(wanted) > 5
    encrypt_run(run, PASSPHRASE)
    Predictor.of_run(run)
    evaluate_run(run)
    for file in own_folders.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(piece in content for piece in wanted), file
    assert all(map(is_locked, files_of(run)))
    found = kept_evaluation(run, "test")
    assert found is not None
    assert found["metrics"]
    passphrases.forget()
    with pytest.raises(UserError, match="its passphrase is needed"):
        kept_evaluation(run, "test")


def test_a_flipped_byte_is_noticed_with_and_without_the_checksums(locked: RunFolder) -> None:
    weights = model_of(locked) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    passphrases.remember(PASSPHRASE)
    with pytest.raises(UserError, match=r"model\.safetensors is not what was written"):
        read_model(model_of(locked))
    rewriting._name_what_is_there(weights.parent)  # as whoever changed it would
    with pytest.raises(UserError, match=r"model\.safetensors is damaged or was changed"):
        read_model(model_of(locked))


def test_decrypting_gives_every_byte_back(run: RunFolder) -> None:
    before = {file: file.read_bytes() for file in run.path.rglob("*") if file.is_file() and file.name != "lock"}
    encrypt_run(run, PASSPHRASE)
    passphrases.forget()
    with pytest.raises(UserError, match="its passphrase is needed"):
        decrypt_run(run)
    passphrases.remember(PASSPHRASE)
    assert decrypt_run(run) == len(files_of(run))
    manifests = [file for file in before if file.name == "manifest.json"]
    assert all(file.read_bytes() == content for file, content in before.items() if file not in manifests)
    assert all(check_sealed(file.parent) is None for file in manifests)
    assert one_locked(run) is None


class Interrupted(Exception):
    """The power is gone."""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_interruption_leaves_everything_readable(
    trained: RunFolder, own_folders: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passphrases.remember(PASSPHRASE)
    weights = read_model(model_of(trained)).network.state_dict()
    real: Callable[..., object] = getattr(os, call)
    at = 1
    while True:
        left = at
        run = RunFolder(own_folders / "runs" / f"run {at}")
        shutil.copytree(trained.path, run.path)

        def failing(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Interrupted
            return real(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                encrypt_run(run, PASSPHRASE)
                done = True
            except Interrupted:
                done = False
        again = read_model(model_of(run)).network.state_dict()
        assert all(bool((weights[name] == again[name]).all()) for name in weights)
        assert newest_sound(run)[0] is not None
        assert encrypt_run(run, PASSPHRASE) == 0 or not done  # what was interrupted is gone on with
        assert all(map(is_locked, files_of(run)))
        if done:
            break
        at += 4
    assert at > 10
    assert not [file for file in run.path.rglob("*") if file.name.endswith(".tmp")]


def test_what_a_killed_process_left_is_swept(run: RunFolder) -> None:
    left = model_of(run) / f".model.json{rewriting._BESIDE}"
    left.write_text("half")
    encrypt_run(run, PASSPHRASE)
    assert not left.exists()


def test_what_was_interrupted_needs_the_same_passphrase(run: RunFolder, locked: RunFolder) -> None:
    with pytest.raises(UserError, match="is not right"):
        encrypt_run(locked, "yet another passphrase")
    assert encrypt_run(locked, PASSPHRASE) == 0


def test_is_not_trained_further_nor_forked(locked: RunFolder) -> None:
    passphrases.remember(PASSPHRASE)
    before = sorted(locked.path.rglob("*"))
    for attempt in (lambda: train_run(locked, ["training.epochs=9"]), lambda: fork(locked)):
        with pytest.raises(UserError, match="cannot be trained further"):
            attempt()
    assert sorted(locked.path.rglob("*")) == before


def test_no_plain_copy_is_made_of_it_and_its_sizes_are_those_of_what_it_holds(run: RunFolder) -> None:
    other = RunFolder(shutil.copytree(run.path, run.path.with_name("other")))
    before = compare([run, other])["rows"][0]
    encrypt_run(run, PASSPHRASE)
    passphrases.remember(PASSPHRASE)
    runs = sorted(run.path.parent.iterdir())
    with pytest.raises(UserError, match="is encrypted, and what is made of it would not be"):
        compress(run, "int8")
    reasons = formats(str(run.path))
    assert all("decrypt it first" in reasons[name]["template"] for name in ("why", "pruning", "teaching"))
    with pytest.raises(UserError, match="is encrypted, and what is made of it would not be"):
        source_of(str(run.path), run.path.parent)
    assert sorted(run.path.parent.iterdir()) == runs
    after = compare([run, other])["rows"][0]
    assert {name: after[name] for name in ("size", "packed")} == {name: before[name] for name in ("size", "packed")}


def test_refuses_what_cannot_be_encrypted(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 8 letters"):
        encrypt_run(run, "short")
    with pytest.raises(UserError, match="nothing to encrypt"):
        encrypt_run(RunFolder(tmp_path), PASSPHRASE)
    weights = model_of(run) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="is not what was written"):
        encrypt_run(run, PASSPHRASE)


def test_the_commands(run: RunFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSPHRASE, "other than before", PASSPHRASE, PASSPHRASE, PASSPHRASE, PASSPHRASE])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert main(["encrypt", run.name]) == 1  # nobody to ask, nothing in the environment
    assert "There is no passphrase" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert main(["encrypt", run.name]) == 1
    assert "not the same" in capsys.readouterr().err
    assert one_locked(run) is None
    assert main(["encrypt", run.name]) == 0
    for command in (["evaluate", run.name], ["decrypt", run.name]):
        passphrases.forget()
        assert main(command) == 0, capsys.readouterr().err
    assert next(typed, None) is None
    assert one_locked(run) is None


def test_the_service_needs_it_too(locked: RunFolder) -> None:
    async def loaded() -> str:
        shelf = Shelf({"m": locked}, "cpu", Counters())
        try:
            return shelf.load("m").kind
        finally:
            await shelf.close()

    with pytest.raises(UserError, match="its passphrase is needed"):
        asyncio.run(loaded())
    passphrases.remember(PASSPHRASE)
    assert asyncio.run(loaded()) == "image"


@pytest.mark.slow
def test_exports_are_plain_and_their_making_needs_the_passphrase(
    locked: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["export", locked.name, "--to", "pytorch", "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "passphrase is needed" in capsys.readouterr().err
    monkeypatch.setenv(passphrases.VARIABLE, PASSPHRASE)
    assert main(command) == 0
    assert not is_locked(tmp_path / "out" / "model.safetensors")
