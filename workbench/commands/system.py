"""What the system brings for a window: a display, and the libraries that Qt needs."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from workbench.core.errors import UserError

_NEEDED = ("QtWidgets.abi3.so", "QtGui.abi3.so", "Qt/plugins/platforms/libqxcb.so")
_OFFSCREEN = ("QtWidgets.abi3.so", "QtGui.abi3.so")

# Debian calls the package of libfoo-bar.so.1 libfoo-bar1, but for these.
_EXCEPTIONS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libGLdispatch.so.0": "libglvnd0",
    "libz.so.1": "zlib1g",
}


def has_display() -> bool:
    """Return whether a window can appear anywhere."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def missing_libraries() -> list[str]:
    """Return the shared libraries that Qt needs and the system lacks (Linux), such as libxcb-cursor.so.0."""
    folder = _qt_folder()
    tool = shutil.which("ldd")
    if not sys.platform.startswith("linux") or folder is None or tool is None:
        return []
    names = _NEEDED if not os.environ.get("QT_QPA_PLATFORM") else _OFFSCREEN
    files = [str(folder / name) for name in names if (folder / name).is_file()]
    if not files:
        return []
    said = subprocess.run([tool, *files], capture_output=True, text=True, check=False).stdout
    found = set(re.findall(r"^\s*(\S+) => not found", said, flags=re.MULTILINE))
    return sorted(name for name in found if not name.startswith("libQt6"))


def packages_for(libraries: Iterable[str]) -> list[str]:
    """Return the Debian and Ubuntu packages that hold these libraries."""
    return sorted({_EXCEPTIONS.get(name) or _debian_name(name) for name in libraries})


def install_line(libraries: Iterable[str]) -> str:
    """Return the one line to paste that installs what is missing."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages_for(libraries))}"


def require_qt() -> None:
    """Raise UserError that names the packages to install, unless Qt has what it needs."""
    if _qt_folder() is None:
        raise UserError("PySide6 is not installed.", hint="Install it: {line}", line="pip install PySide6-Essentials")
    missing = missing_libraries()
    if missing:
        raise UserError(
            "Qt cannot show a window: {libraries} are missing.",
            hint="Install them (Debian, Ubuntu): {line}",
            libraries=", ".join(missing),
            line=install_line(missing),
        )


def _qt_folder() -> Path | None:
    found = importlib.util.find_spec("PySide6")
    return Path(found.origin).parent if found and found.origin else None


def _debian_name(library: str) -> str:
    stem, _, version = library.lower().partition(".so.")
    major = version.partition(".")[0]
    return f"{stem}-{major}" if stem[-1:].isdigit() else f"{stem}{major}"
