"""Sequences in an .npz: X (N, T) or (N, T, columns), and y; read within limits, and nothing is unpickled."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.data.series_reading import MOST_VALUES, too_large

_FEW = 50  # different whole numbers that are taken for classes, however few sequences there are


def arrays_of(path: Path, wanted: Sequence[str] = ("X", "y")) -> dict[str, np.ndarray]:
    """Return arrays of an .npz by their names in small letters; raises UserError."""
    name = shown(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
        found = {key.lower(): key for key in sizes}
        missing = [key for key in wanted if key.lower() not in found]
        if missing:
            raise UserError(
                "{name} has no array called {array}.",
                hint="Save it with numpy.savez(path, X=sequences, y=answers). It holds: {arrays}.",
                name=name,
                array=missing[0],
                arrays=", ".join(map(shown, list(sizes)[:10])),
            )
        if sum(sizes[found[key.lower()]] for key in wanted) > 8 * MOST_VALUES:
            raise too_large(path.name)
        with np.load(path, allow_pickle=False) as arrays:
            return {key.lower(): arrays[found[key.lower()]] for key in wanted}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise UserError(
            "{name} could not be read as arrays.",
            hint="Lists of different lengths are saved by numpy as code, which is not run: pad them with NaN.",
            details=str(error),
            name=name,
        ) from error


def sequences_of(path: Path) -> np.ndarray:
    """Return X of an .npz as (N, T, columns) float32; raises UserError."""
    return in_steps(arrays_of(path, ("X",))["x"], shown(path.name))


def in_steps(inputs: np.ndarray, name: str) -> np.ndarray:
    """Return X as (N, T, columns) float32, NaN where there is no number; raises UserError when it is nothing such."""
    if inputs.dtype.kind not in "fiub" or inputs.ndim not in (2, 3) or not inputs.size:
        raise UserError(
            "X in {name} has the shape {shape}, but should hold sequences × steps × columns.",
            hint="Save X with numpy.savez as an array of numbers with three axes.",
            name=name,
            shape=" × ".join(map(str, inputs.shape)),
        )
    inputs = inputs.astype(np.float32).reshape(*inputs.shape[:2], -1)
    inputs[~np.isfinite(inputs)] = np.nan
    return inputs


def is_regression(targets: np.ndarray, asked: str = "auto") -> bool:
    """Return whether answers are numbers to predict: broken ones, several each, or very many different whole ones."""
    if targets.dtype.kind not in "fiu":
        return False
    if asked != "auto":
        return asked == "regression"
    if targets.ndim == 2:
        return True
    different = np.unique(targets)
    if targets.dtype.kind == "f" and (different % 1 != 0).any():
        return True
    return len(different) > max(_FEW, len(targets) / 4)
