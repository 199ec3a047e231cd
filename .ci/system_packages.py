"""Find what the system lacks before Workbench can be installed or shown, and install it where that is allowed.

    python3 .ci/system_packages.py venv FOLDER      make a virtual environment
    python3 .ci/system_packages.py qt FOLDER        see that Qt in that environment finds its system libraries
    python3 .ci/system_packages.py qt FOLDER --offscreen      the same for tests, which need no screen

Standard library only: it runs before anything is installed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# The shared objects that PySide6's wheel does not bring, and the Debian and Ubuntu packages that hold them.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libGLdispatch.so.0": "libglvnd0",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libXau.so.6": "libxau6",
    "libXdmcp.so.6": "libxdmcp6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libkrb5.so.3": "libkrb5-3",
    "libstdc++.so.6": "libstdc++6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

OFFSCREEN = ("Qt/plugins/platforms/libqoffscreen.so", "Qt[A-Z]*.abi3.so", "Qt/plugins/iconengines/libqsvgicon.so")
SCREEN = (*OFFSCREEN, "Qt/plugins/platforms/libqxcb.so", "Qt/plugins/xcbglintegrations/*.so")
MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg", "QtSvgWidgets", "QtOpenGL", "QtOpenGLWidgets", "QtNetwork")


def qt_files(environment: Path, *, offscreen: bool) -> list[Path]:
    """Return the files of Qt in `environment` that must load, for tests alone when `offscreen`."""
    folders = sorted(environment.glob("lib/python3*/site-packages/PySide6"))
    files = [
        path for folder in folders for pattern in (OFFSCREEN if offscreen else SCREEN) for path in folder.glob(pattern)
    ]
    return [path for path in files if not path.name.endswith(".abi3.so") or path.name.split(".")[0] in MODULES]


def missing_objects(ldd_output: str) -> set[str]:
    """Return the shared objects that ldd did not find, without Qt's own: its wheel leaves some out on purpose."""
    found = set(re.findall(r"^\s*(\S+) => not found", ldd_output, flags=re.MULTILINE))
    return {name for name in found if not name.startswith("libQt6")}


def ldd(files: Iterable[Path]) -> str:
    """Return what ldd says of `files`, or an empty text where there is no ldd."""
    program = shutil.which("ldd")
    paths = [str(path) for path in files]
    if program is None or not paths:
        return ""
    return subprocess.run([program, *paths], capture_output=True, text=True, check=False).stdout


def packages_for(objects: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the packages that hold `objects`, and those objects whose package is not known here."""
    known = sorted({PACKAGES[name] for name in objects if name in PACKAGES})
    return known, sorted(name for name in objects if name not in PACKAGES)


def install(packages: list[str], why: str) -> bool:
    """Install Debian `packages` where that is allowed; otherwise print the one line to paste. Say whether it worked."""
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    as_root = [] if _is_root() else ["sudo"]
    print(f"{why} These packages are missing: {' '.join(packages)}", flush=True)
    if shutil.which("apt-get") and _may_install(" ".join([*as_root, line])):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        updated = subprocess.run([*as_root, "apt-get", "update", "-q"], env=environment, check=False)
        done = subprocess.run([*as_root, *line.split()], env=environment, check=False)
        if done.returncode == 0:
            return True
        print(f"apt-get ended with exit code {updated.returncode or done.returncode}.", flush=True)
    if shutil.which("apt-get"):
        print(f"Install them with this line, then run the command again:\n\n    sudo {line}\n", flush=True)
    else:
        print("Install them, under the names your system has for them, then run the command again.", flush=True)
    return False


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _may_install(line: str) -> bool:
    """Ask where someone can answer; without anyone to ask, only root and a sudo that wants no password may."""
    if sys.stdin is not None and sys.stdin.isatty():
        return input(f"Run `{line}` now? [Y/n] ").strip().lower() in ("", "y", "yes")
    if _is_root():
        return True
    sudo = shutil.which("sudo")
    return sudo is not None and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0


def make_environment(folder: Path) -> int:
    """Make a virtual environment in `folder`, with the package that Debian keeps apart installed first if need be."""
    if sys.version_info < (3, 11):  # noqa: UP036 (whatever python3 the system has runs this file)
        print(
            f"Workbench needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 run"
        )
        return 1
    if not _has_venv():
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not install([package], "This Python cannot make a virtual environment."):
            return 1
    return subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False).returncode


def _has_venv() -> bool:
    test = [sys.executable, "-c", "import venv, ensurepip"]
    return subprocess.run(test, capture_output=True, check=False).returncode == 0


def check_qt(environment: Path, *, offscreen: bool) -> int:
    """See that Qt finds its libraries. Return 0 when it does, or when only the window on a screen has to do without."""
    if not sys.platform.startswith("linux"):
        return 0
    missing = missing_objects(ldd(qt_files(environment, offscreen=offscreen)))
    packages, unknown = packages_for(missing)
    if packages:
        install(packages, "Qt cannot show a window yet.")
        missing = missing_objects(ldd(qt_files(environment, offscreen=offscreen)))
        packages, unknown = packages_for(missing)
    if unknown:
        print(f"Qt also lacks {', '.join(unknown)}.", flush=True)
    needed = missing_objects(ldd(qt_files(environment, offscreen=True)))
    if missing and not needed:
        print("Commands and tests work all the same; the window does not open before that.", flush=True)
    return 1 if needed else 0


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description="Find what the system lacks, and install it where that is allowed.")
    parser.add_argument("subject", choices=("venv", "qt"))
    parser.add_argument("folder", type=Path, help="the virtual environment")
    parser.add_argument("--offscreen", action="store_true", help="only what tests need, which run without a screen")
    given = parser.parse_args()
    if given.subject == "venv":
        return make_environment(given.folder)
    return check_qt(given.folder, offscreen=given.offscreen)


if __name__ == "__main__":
    sys.exit(main())
