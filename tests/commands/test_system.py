import subprocess
import sys
from pathlib import Path

import pytest

from workbench.commands import system
from workbench.core.errors import UserError

LDD = """
\tlibxcb-cursor.so.0 => not found
\tlibEGL.so.1 => not found
\tlibQt6Missing.so.6 => not found
\tlibc.so.6 => /lib/libc.so.6 (0x1)
"""


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxcb-icccm.so.4", "libxcb-icccm4"),
        ("libEGL.so.1", "libegl1"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libX11.so.6", "libx11-6"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
    ],
)
def test_a_library_leads_to_its_package(library: str, package: str) -> None:
    assert system.packages_for([library]) == [package]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems need no packages")
def test_what_qt_lacks_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "QtGui.abi3.so").touch()
    monkeypatch.setattr(system, "_qt_folder", lambda: tmp_path)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, LDD))
    assert system.missing_libraries() == ["libEGL.so.1", "libxcb-cursor.so.0"]
    with pytest.raises(UserError, match=r"libEGL.so.1, libxcb-cursor.so.0 are missing") as caught:
        system.require_qt()
    assert str(caught.value.hint).endswith("apt-get install -y --no-install-recommends libegl1 libxcb-cursor0")


def test_a_missing_pyside_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_qt_folder", lambda: None)
    with pytest.raises(UserError, match="PySide6 is not installed"):
        system.require_qt()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always one")
def test_a_display_is_known_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not system.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert system.has_display()
