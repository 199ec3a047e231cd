"""Sharing: copies of a run, of its model and of its recipe, made beside their place and put there in one piece."""

import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.files import require_new_folder, unwritable
from workbench.core.run_folder import RunFolder, is_run
from workbench.core.run_summary import recipe_of
from workbench.core.words import Words

_LEFT_OUT = ("lock", "heartbeat", "control.json")  # they mean something only while a trainer runs here


def pack(progress: Callable[..., None], run: str, path: str) -> dict[str, Any]:
    """Write everything of a run into the zip file at `path`. A job; returns its path and size in bytes.

    The files lie in one folder of the run's name, so that unpacking it among other runs adds a run. Checkpoints of a
    private training stay here: they hold the key of its noise. Raises UserError.
    """
    folder = _run(run)
    target = Path(path)
    left_out = (*_LEFT_OUT, *(["checkpoints"] if _is_private(folder) else []))
    files = sorted(file for file in _files(folder.path) if file.relative_to(folder.path).parts[0] not in left_out)
    total = sum(file.stat().st_size for file in files)
    done = 0
    with _beside(target) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in files:
            progress(Words("Packing"), done, total)
            archive.write(file, Path(folder.name) / file.relative_to(folder.path))
            done += file.stat().st_size
    return {"path": str(target), "size": target.stat().st_size}


def _is_private(run: RunFolder) -> bool:
    training = recipe_of(run).get("training", {})
    return bool(training.get("privacy", {}).get("on"))


def copy_model(progress: Callable[..., None], run: str, path: str) -> dict[str, Any]:
    """Copy the best model of a run, complete for inference, to the new folder `path`. A job; returns its path.

    Raises UserError when there is no model yet or the folder has something in it.
    """
    model = _run(run).best_model()
    if model is None:
        raise UserError(
            "This run has no model yet.", hint="Wait for the end of its first epoch, or choose another run."
        )
    target = Path(path)
    require_new_folder(target)
    files = list(_files(model))
    with _beside(target) as beside:
        beside.mkdir(parents=True)
        for number, file in enumerate(files):
            progress(Words("Copying"), number, len(files))
            copy = beside / file.relative_to(model)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        if target.is_dir():
            target.rmdir()
    return {"path": str(target)}


def copy_recipe(progress: Callable[..., None], run: str, path: str) -> dict[str, Any]:
    """Copy the recipe of a run, with every default and measured choice, to the file `path`. A job; returns its path."""
    folder = _run(run)
    progress(Words("Copying"), 0, 1)
    target = Path(path)
    with _beside(target) as beside:
        shutil.copyfile(folder.recipe if folder.recipe.is_file() else folder.asked, beside)
    return {"path": str(target)}


def _run(run: str) -> RunFolder:
    if not is_run(Path(run)):
        raise UserError("{path} is not a run any more.", hint="It was moved or deleted. Choose another run.", path=run)
    return RunFolder(Path(run))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".tmp"))
        yield from (Path(place, name) for name in sorted(names) if not name.endswith(".tmp"))


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a place beside `target` to write to; afterwards it becomes `target`, or goes if something went wrong."""
    beside = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(3)}.tmp")
    try:
        yield beside
        os.replace(beside, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)
