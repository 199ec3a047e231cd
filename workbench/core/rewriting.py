"""Files of a folder written anew in another form, each of them whole at every moment, in one form or the other.

The checksums of a sealed folder name both forms of a file while it changes, and what was interrupted is gone on with.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.files import read_json, sync_folder, write_json
from workbench.core.sealed import MANIFEST, check_sealed

_BESIDE = ".rewriting.tmp"
_PIECE = 1 << 20
Open = Callable[[Path], Any]


def rewritten(
    folder: Path,
    files: Sequence[Path],
    change: Callable[[Path, Path], None],
    read: Open,
    report: Callable[[], None] = lambda: None,
) -> None:
    """Let `change(file, new)` write each of the files of a folder anew; `read` opens either form and gives one content.

    An old file goes only when the new one was read back. Raises UserError when one is damaged before or after, and
    OSError; what was changed until then stays changed, and all of it can be read.
    """
    for left in folder.glob(f".*{_BESIDE}"):  # of an attempt that was interrupted
        left.unlink()
    sealed = (folder / MANIFEST).is_file()
    if sealed:
        check_sealed(folder)
    made: list[tuple[Path, Path]] = []
    try:
        for file in files:
            beside = folder / f".{file.name}{_BESIDE}"
            made.append((file, beside))
            change(file, beside)
            if _digest(file, read) != _digest(beside, read):
                raise UserError("{name} was not written as it should be.", hint="Try again.", name=file.name)
            report()
        if sealed:
            _allow_both(folder, made)
        for file, beside in made:
            os.replace(beside, file)
        sync_folder(folder)
        if sealed:
            _name_what_is_there(folder)
    finally:
        for _, beside in made:
            beside.unlink(missing_ok=True)


def _allow_both(folder: Path, made: Sequence[tuple[Path, Path]]) -> None:
    manifest = read_json(folder / MANIFEST, {})
    for file, beside in made:
        manifest[file.name] = {**_facts(file), "or": _facts(beside)}
    write_json(folder / MANIFEST, manifest)


def _name_what_is_there(folder: Path) -> None:
    manifest = read_json(folder / MANIFEST, {})
    write_json(folder / MANIFEST, {name: _facts(folder / name) for name in manifest})


def _facts(file: Path) -> dict[str, Any]:
    return {"size": file.stat().st_size, "sha256": _digest(file, lambda path: path.open("rb"))}


def _digest(path: Path, read: Open) -> str:
    digest = hashlib.sha256()
    with read(path) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
