"""A model as a graph of tensor operations, whose batch and, of texts, length stay free."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from workbench.export.subject import Subject
from workbench.export.whole import Whole, samples

_SHORTEST = 3  # tokens of a text in a graph: with fewer, networks do otherwise


def graph_of(subject: Subject) -> torch.export.ExportedProgram:
    """Return the model from encoded inputs to what it tells, as a program of torch.export."""
    whole, encoded = exportable(subject), example_of(subject)
    with torch.no_grad(), quiet():
        whole(encoded)  # numbers that preprocessing and task keep are made now: in a graph they would be placeholders
        return torch.export.export(whole, (encoded,), dynamic_shapes=free_dimensions(subject), strict=False)


def exportable(subject: Subject) -> Whole:
    """Return the model with what cannot be part of a graph replaced by what says the same."""
    network: Any = subject.model.network
    made = network.exportable() if hasattr(network, "exportable") else network
    return Whole(made.eval(), subject.preprocessing, subject.task, subject.model.copies).eval()


def example_of(subject: Subject) -> Tensor:
    """Return encoded inputs, a batch of 3, that the graph is recorded with."""
    return torch.from_numpy(samples(subject.preprocessing, subject.inputs, 3))


def free_dimensions(subject: Subject) -> tuple[dict[int, Any]]:
    """Return which dimensions of the inputs may differ from those it was recorded with."""
    free: dict[int, Any] = {0: torch.export.Dim("batch")}
    if has_free_length(subject) and subject.inputs.shape[0] > _SHORTEST:
        free[1] = torch.export.Dim("length", min=_SHORTEST, max=subject.inputs.shape[0])
    return (free,)


def is_recurrent(subject: Subject) -> bool:
    """Return whether the network has a recurrent layer of PyTorch, which torch.export unrolls step by step."""
    return any(isinstance(layer, nn.RNNBase) for layer in subject.model.network.modules())


def has_free_length(subject: Subject) -> bool:
    """Return whether texts of any length can go through the graph."""
    return subject.any_length and not is_recurrent(subject)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what torch says of its own ways while it exports out of the log."""
    log = logging.getLogger("torch.onnx")
    level, interval = log.level, tqdm.monitor_interval
    log.setLevel(logging.ERROR)
    tqdm.monitor_interval = 0  # no thread that watches progress bars
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
        tqdm.monitor_interval = interval
