import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _loaded(path: Path) -> ModuleType:
    """Import a script that belongs to no package."""
    found = importlib.util.spec_from_file_location(path.stem, path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


system_packages = _loaded(Path(__file__).parents[1] / ".ci" / "system_packages.py")

LDD = """\
Qt/plugins/platforms/libqxcb.so:
\tlinux-vdso.so.1 (0x00007ffd)
\tlibxcb-cursor.so.0 => not found
\tlibxcb-icccm.so.4 => not found
\tlibQt6Pdf.so.6 => not found
\tlibfoo.so.9 => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f12)
QtGui.abi3.so:
\tlibEGL.so.1 => not found
\tlibxcb-cursor.so.0 => not found
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with the files that are looked at, empty."""
    package = tmp_path / "env/lib/python3.11/site-packages/PySide6"
    for name in (
        "Qt/plugins/platforms/libqxcb.so",
        "Qt/plugins/platforms/libqoffscreen.so",
        "QtGui.abi3.so",
        "QtQml.abi3.so",
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    return tmp_path / "env"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system whose ldd misses what `LDD` says until its apt-get was asked to install, and whose sudo is refused."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ldd.txt").write_text(LDD)
    scripts = {
        "ldd": f"cat {programs}/ldd.txt",
        "apt-get": f'echo "$@" >> {programs}/asked.txt; case "$1" in install) : > {programs}/ldd.txt;; esac',
        "sudo": "exit 1",
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return programs


def test_missing_libraries_become_packages_and_qts_own_do_not_count():
    missing = system_packages.missing_objects(LDD)
    assert missing == {"libxcb-cursor.so.0", "libxcb-icccm.so.4", "libfoo.so.9", "libEGL.so.1"}
    assert system_packages.packages_for(missing) == (["libegl1", "libxcb-cursor0", "libxcb-icccm4"], ["libfoo.so.9"])


def test_tests_need_fewer_files_than_a_window(environment: Path):
    names = {path.name for path in system_packages.qt_files(environment, offscreen=True)}
    assert names == {"libqoffscreen.so", "QtGui.abi3.so"}
    assert "libqxcb.so" in {path.name for path in system_packages.qt_files(environment, offscreen=False)}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems bring what Qt needs")
def test_root_installs_without_asking(environment: Path, system: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(system_packages, "_is_root", lambda: True)
    assert system_packages.check_qt(environment, offscreen=False) == 0
    asked = (system / "asked.txt").read_text()
    assert "install -y --no-install-recommends libegl1 libxcb-cursor0 libxcb-icccm4" in asked


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems bring what Qt needs")
def test_without_the_right_to_install_the_line_is_printed(
    environment: Path, system: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(system_packages, "_is_root", lambda: False)
    assert system_packages.check_qt(environment, offscreen=False) == 1
    assert not (system / "asked.txt").exists()
    shown = capsys.readouterr().out
    assert "sudo apt-get install -y --no-install-recommends libegl1 libxcb-cursor0 libxcb-icccm4" in shown
    assert "libfoo.so.9" in shown


def test_an_old_python_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert system_packages.make_environment(tmp_path / "env") == 1
    assert "3.11" in capsys.readouterr().out
