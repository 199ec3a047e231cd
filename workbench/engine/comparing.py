"""Comparing: runs held against each other on one test set."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.run_folder import RunFolder
from workbench.inference import comparing


def compare(progress: Callable[..., None], runs: Sequence[str], data: str = "", device: str = "cpu") -> dict[str, Any]:
    """Return what workbench.inference.comparing.compare does of the runs in these folders. A job.

    A picture is {"shape": [H, W, C], "pixels": base64 of uint8}. Raises UserError when they cannot be compared.
    """
    folders = [RunFolder(Path(run)) for run in runs]
    found = comparing.compare(folders, data=data, device=device, progress=progress)
    for sample in found["disagreements"]:
        if "picture" in sample:
            sample["picture"] = _plain(sample["picture"])
    return found


def _plain(picture: np.ndarray) -> dict[str, Any]:
    pixels = base64.b64encode(np.ascontiguousarray(picture).tobytes()).decode("ascii")
    return {"shape": list(picture.shape), "pixels": pixels}
