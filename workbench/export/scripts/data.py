"""The data of a training script: what the network of a run was given, encoded as it lay on the device."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.data.dataset import Dataset, Split
from workbench.export.subject import Subject
from workbench.inference.streams import stream_of

MOST = 2_000_000_000  # bytes of data that go along with a script


def data_of(subject: Subject, dataset: Dataset) -> dict[str, Tensor]:
    """Return training and validation split by name, as `script_text` reads them; raises UserError when they are large.

    Images (N, H, W, C) uint8, ids (N, length) int32, rows (N, …) float32 and targets (N, …); a stream of tokens (L,)
    int32; or a series (L, channels) float32, and the rows in which its windows begin (n,).
    """
    splits = {name: dataset.splits[name] for name in ("training", "validation") if len(dataset.splits[name])}
    size = sum(_size(split, subject) for split in splits.values())
    if size > MOST:
        raise UserError(
            "The data of this run take {size} GB, and a script carries at most {most} GB.",
            hint="Export the model in another form, or share a copy of the run with the data beside it.",
            size=f"{size / 1e9:,.1f}",
            most=f"{MOST / 1e9:,.1f}",
        )
    found: dict[str, Tensor] = {}
    for name, split in splits.items():
        found.update({part if part == "series" else f"{name}.{part}": t for part, t in _of(subject, split).items()})
    return found


def _of(subject: Subject, split: Split) -> dict[str, Tensor]:
    preprocessing: Any = subject.preprocessing
    if split.window is not None:
        series: Any = split.inputs
        return {"series": torch.from_numpy(np.array(series[:])), "begins": torch.from_numpy(np.array(split.index))}
    if subject.task.streams:
        return {"tokens": torch.from_numpy(np.array(stream_of(split, preprocessing)))}
    inputs = preprocessing.encode_all(split.texts()) if split.holds_texts else split.rows()
    return {"inputs": torch.from_numpy(np.array(inputs)), "targets": torch.from_numpy(np.array(split.targets))}


def _size(split: Split, subject: Subject) -> int:
    """Return about how many bytes a split takes."""
    if split.holds_texts:
        if subject.task.streams:
            return 4 * sum(map(len, split.texts()))
        return 4 * len(split) * subject.inputs.shape[0] + split.targets.nbytes
    rows: Any = split.inputs
    count = rows.shape[0] if split.window is not None else len(split)
    return count * int(np.prod(rows.shape[1:])) * rows.dtype.itemsize + split.targets.nbytes
