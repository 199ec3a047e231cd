import zipfile
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.commands import doctor
from workbench.core.errors import UserError


@pytest.mark.slow
def test_everything_is_looked_at(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--runs", str(tmp_path / "runs")]) == 0
    output = capsys.readouterr().out
    titles = [line.split()[0] for line in output.splitlines()]
    assert titles[:4] == ["Workbench", "Python", "Qt", "torch"]
    assert "cpu: " in output
    assert str(tmp_path / "runs") in output


def test_what_is_broken_does_not_end_the_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(name: str) -> None:
        raise UserError("The engine does not answer.")

    monkeypatch.setattr(doctor, "_QT", "raise ImportError('libEGL.so.1: cannot open shared object file')")
    monkeypatch.setattr(doctor, "_TORCH", "import os; os.abort()")
    monkeypatch.setattr(doctor, "_asked", fail)
    found = dict(doctor.findings(tmp_path))
    assert "libEGL.so.1" in found["Qt"]
    assert "could not be imported" in found["torch"]
    assert found["Devices"] == "The engine does not answer."


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written to" in doctor._folder(tmp_path / "file" / "runs")
    assert "GB free" in doctor._folder(tmp_path / "new")


def test_a_bundle_is_packed_beside_the_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "findings", lambda runs: iter([("Python", "3.11")]))
    assert main(["doctor", "--runs", str(tmp_path / "runs"), "--bundle", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("workbench-debug-*.zip")
    output = capsys.readouterr().out
    assert output.splitlines() == ["Python       3.11", f"The debug bundle is {path}."]
    with zipfile.ZipFile(path) as bundle:
        assert bundle.read("doctor.txt").decode() == "Python       3.11\n"


def test_a_bundle_without_a_place_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "findings", lambda runs: iter(()))
    (tmp_path / "file").touch()
    assert main(["doctor", "--bundle", str(tmp_path / "file" / "b.zip")]) == 1
    assert "The debug bundle cannot be written to" in capsys.readouterr().err
