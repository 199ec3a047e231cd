"""The debug bundle: what helps whoever mends a fault, in one file that a person can send away.

It holds logs, versions, recipes, events and states; no data, no model, no secret, and no name of a home folder.
"""

import contextlib
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.core.redaction import known_secrets, redacted
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_reader import RunReader

_RUNS = 3  # the newest by their last change
_LOG_BYTES = 300_000  # of the end of a log
_EVENT_BYTES = 200_000
_FILE_BYTES = 1_000_000  # of a recipe or a small record
_REMEMBERED = ("page", "theme", "language", "geometry", "data", "architecture", "training", "queue")
_OF_A_RUN = ("asked.toml", "recipe.toml", "environment.json", "control.json", "heartbeat")


def write_bundle(path: Path, runs: Path, found: str) -> list[str]:
    """Write the bundle to `path` in one piece and return the names of its parts.

    runs: folder of runs. found: what `workbench doctor` says of this machine. Raises UserError when it cannot be
    written.
    """
    secrets = known_secrets()
    packed = io.BytesIO()
    names = []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in _parts(runs, found):
            name = redacted(name, secrets)
            bundle.writestr(name, redacted(text, secrets))
            names.append(name)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        beside.write_bytes(packed.getvalue())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise UserError(
            "The debug bundle cannot be written to {path}: {reason}.",
            hint="Choose another place, one that you may write to and that has room.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    return names


def bundle_name() -> str:
    """Return a name for a bundle that is made now."""
    return f"workbench-debug-{time.strftime('%Y-%m-%d-%H%M%S')}.zip"


def _parts(runs: Path, found: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every part, before anything is taken out of it."""
    yield "doctor.txt", found
    yield "packages.txt", _packages()
    state = paths.state()
    for name in ("workbench.log.1", "workbench.log", "crash.log", "last-crash.log"):
        if text := _end_of(state / name, _LOG_BYTES):
            yield name, text
    yield "window.json", _window(state / "window.json")
    for folder in _newest(runs):
        yield from _of_run(folder)


def _packages() -> str:
    named = {(found.metadata["Name"] or "", found.version) for found in metadata.distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(named, key=lambda pair: pair[0].lower()) if name]
    return f"Python {sys.version}\n" + "\n".join(lines) + "\n"


def _window(path: Path) -> str:
    """Return what the window remembers, as far as it helps: anything it may learn to remember later stays out."""
    remembered = read_json(path, {})
    known = remembered if isinstance(remembered, Mapping) else {}
    return json.dumps({name: known[name] for name in _REMEMBERED if name in known}, ensure_ascii=False, indent=1)


def _newest(runs: Path) -> list[RunFolder]:
    def changed(folder: RunFolder) -> float:
        times = [path.stat().st_mtime for path in (folder.heartbeat, folder.recipe, folder.asked) if path.exists()]
        return max(times, default=0.0)

    try:
        return sorted(all_runs(runs), key=changed)[-_RUNS:]
    except OSError:
        return []  # the folder cannot be read: the log says so


def _of_run(folder: RunFolder) -> Iterator[tuple[str, str]]:
    place = f"runs/{folder.name}"
    reader = RunReader(folder, scalars=False)
    try:
        reader.read()
        state = str(reader.state())
    except (OSError, ValueError, TypeError) as error:
        state = f"cannot be read: {error}"
    yield f"{place}/state.txt", f"{state}\n{_listing(folder.path)}"
    for name in _OF_A_RUN:
        if text := _end_of(folder.path / name, _FILE_BYTES):
            yield f"{place}/{name}", text
    if text := _end_of(folder.path / "log.txt", _LOG_BYTES):
        yield f"{place}/log.txt", text
    for number in folder.attempts():
        if text := _end_of(folder.attempt(number) / "events.jsonl", _EVENT_BYTES):
            yield f"{place}/attempts/{number:03d}/events.jsonl", text


def _listing(folder: Path) -> str:
    """Return size and name of every file of a run; contents say nothing here."""
    lines = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                lines.append(f"{path.stat().st_size:>14} {path.relative_to(folder).as_posix()}")
        except OSError:
            lines.append(f"{'unreadable':>14} {path.relative_to(folder).as_posix()}")
    return "\n".join(lines) + "\n"


def _end_of(path: Path, most: int) -> str:
    """Return the end of a file, at most so many bytes from the beginning of a line on; nothing when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - most))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text if size <= most else text.partition("\n")[2]
