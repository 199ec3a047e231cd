"""Whether the installed packages go together; a wrong pair would end in a crash that says nothing."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import workbench
from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.files import write_atomically

_ALIKE = (("PySide6-Essentials", "shiboken6"),)  # the two halves of Qt's bindings are one version


class WrongPackages(UserError):
    """What is installed cannot work: wrong usage here."""

    exit_code = 2


def require_packages() -> None:
    """Raise WrongPackages unless what is installed is what the program needs.

    What was found to be right is remembered until a package is installed or removed, so that a start costs nothing.
    """
    stamp, place = _stamp(), paths.cache() / "packages.txt"
    with suppress(OSError):
        if place.read_text("utf-8") == stamp:
            return
    wrong = mismatches()
    if wrong:
        named = "; ".join(f"{name} {installed or '–'} ({needed})" for name, installed, needed in wrong)
        raise WrongPackages(
            "The installed packages do not go together: {packages}.",
            hint="Install what is needed: {line}",
            packages=named,
            line=install_line(wrong),
        )
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, stamp)


def mismatches() -> list[tuple[str, str, str]]:
    """Return (package, installed version or an empty text, versions that are needed) for each that is not as needed."""
    from importlib import metadata

    from packaging.requirements import Requirement

    try:
        lines = metadata.requires("workbench") or []
    except metadata.PackageNotFoundError:
        return []  # run from its folder without being installed: nobody says what is needed
    found = []
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        installed = _version(requirement.name)
        if not installed or not requirement.specifier.contains(installed, prereleases=True):
            found.append((requirement.name, installed, str(requirement.specifier)))
    for first, second in _ALIKE:
        if _version(first) and _version(first) != _version(second):
            found.append((second, _version(second), f"=={_version(first)}"))
    return found


def install_line(wrong: list[tuple[str, str, str]]) -> str:
    """Return the line that installs what is needed in place of what is wrong."""
    return " ".join(
        [f"{Path(sys.executable).name} -m pip install", *(f'"{name}{needed}"' for name, _, needed in wrong)]
    )


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _stamp() -> str:
    """Return what changes when a package is installed or removed, or when the program or Python is another."""
    lines = [sys.version, workbench.__version__]
    for entry in sys.path:
        if entry.endswith("-packages"):
            with suppress(OSError):
                lines.append(f"{entry} {os.stat(entry).st_mtime_ns}")
    return "\n".join(lines)
