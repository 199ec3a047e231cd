import json
import zipfile
from pathlib import Path

import pytest

from tests.core.run_maker import finished_run, queued_run
from workbench.core.debug_bundle import bundle_name, write_bundle
from workbench.core.errors import UserError

SECRETS = ("hf_QwErTyUiOpAsDfGhJkL", "hunter2-hunter2", "Tr0ub4dor.and.3", "anna-the-person")
DATA = "a private sentence of the data"


@pytest.fixture
def planted(own_folders: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put secrets, a home folder and data everywhere the bundle looks, and beside it."""
    token, password, other, person = SECRETS
    home = tmp_path / person
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_TOKEN", other)
    mixed = f"{token} https://x:{password}@hub/y HF_TOKEN={other} {home}/images password='{password}' /home/{person}/z"
    state, runs = own_folders / "state", own_folders / "runs"
    state.mkdir(exist_ok=True)
    for name in ("workbench.log", "workbench.log.1", "crash.log", "last-crash.log"):
        (state / name).write_text(f"a line of {name}: {mixed}\n")
    window = {"data": {"path": f"{home}/images", "token": other}, "typed": DATA, "theme": "dark"}
    (state / "window.json").write_text(json.dumps(window))
    for folder in (finished_run(runs), queued_run(runs)):
        for name in ("recipe.toml", "environment.json", "control.json", "log.txt"):
            (folder.path / name).write_text(f"a line of {name}: {mixed}\n")
        for number in folder.attempts():
            with (folder.attempt(number) / "events.jsonl").open("a") as events:
                events.write(json.dumps({"kind": "failed", "error": {"details": mixed}}) + "\n")
        (folder.models / "x").mkdir(parents=True, exist_ok=True)
        (folder.models / "x" / "model.safetensors").write_text(DATA)
        folder.evaluation.mkdir(exist_ok=True)
        (folder.evaluation / "predictions.csv").write_text(DATA)
        folder.write_notes(note=DATA)
    return runs


def unpacked(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_the_bundle_holds_what_helps_and_no_secret(planted: Path, tmp_path: Path):
    path = tmp_path / bundle_name()
    names = write_bundle(path, planted, f"Python 3 ({tmp_path / SECRETS[3]}/bin/python)")
    parts = unpacked(path)
    assert list(parts) == names
    everything = "\n".join([*parts, *parts.values()])
    for secret in SECRETS:
        assert secret not in everything, secret
    assert DATA not in everything
    assert parts["doctor.txt"] == "Python 3 (~/bin/python)"
    assert "torch==" in parts["packages.txt"]
    assert "a line of workbench.log" in parts["workbench.log"]
    assert "a line of last-crash.log" in parts["last-crash.log"]
    assert json.loads(parts["window.json"]) == {"theme": "dark", "data": {"path": "~/images", "token": "[removed]"}}
    states = {text.splitlines()[0] for name, text in parts.items() if name.endswith("state.txt")}
    assert states == {"finished", "queued"}
    for part in ("recipe.toml", "log.txt", "environment.json", "attempts/001/events.jsonl"):
        assert any(name.endswith(part) for name in parts), part
    assert sum("model.safetensors" in text for text in parts.values()) == 2  # its size is told, and no more


def test_a_long_log_gives_its_end(own_folders: Path, tmp_path: Path):
    (own_folders / "state").mkdir(exist_ok=True)
    lines = [f"line {number}" for number in range(60_000)]
    (own_folders / "state" / "workbench.log").write_text("\n".join(lines))
    write_bundle(tmp_path / "b.zip", own_folders / "runs", "")
    text = unpacked(tmp_path / "b.zip")["workbench.log"]
    assert text.endswith("line 59999")
    assert text.startswith("line ")
    assert len(text) < 310_000


def test_a_place_that_cannot_be_written_is_named(own_folders: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="The debug bundle cannot be written to") as caught:
        write_bundle(tmp_path / "file" / "b.zip", own_folders / "runs", "")
    assert "Choose another place" in caught.value.translated()
