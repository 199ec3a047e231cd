"""A trained network together with what comes before and after it, as one module that can go elsewhere."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.signature import Inputs
from workbench.inference.test_time import averaged


class Whole(nn.Module):
    """Encoded inputs in, what they mean out: (batch, …) as preprocessing encodes them -> what the task tells.

    copies: of images, over which the answer is the mean.
    """

    def __init__(self, network: nn.Module, preprocessing: Any, task: Any, copies: str = "none") -> None:
        super().__init__()
        self.network = network
        self.preprocessing, self.task, self.copies = preprocessing, task, copies

    def forward(self, encoded: Tensor) -> Tensor:
        outputs = averaged(self.network, self.preprocessing.tensor(encoded), self.copies)
        return self.task.told(outputs.float(), encoded).float()


def samples(preprocessing: Any, inputs: Inputs, count: int, seed: int = 0, length: int = 0) -> np.ndarray:
    """Return made-up encoded inputs, (count, …), of the kind and range that preprocessing gives.

    length: tokens of a text, at most; 0 takes as many as the model reads. Texts end at different places.
    """
    chance = np.random.default_rng(seed)
    if inputs.kind == "image":
        shape = (count, preprocessing.height, preprocessing.width, preprocessing.channels)
        return chance.integers(0, 256, shape, dtype=np.uint8)
    if inputs.kind == "text":
        longest = length or inputs.shape[0]
        ids = chance.integers(1, inputs.vocabulary, (count, longest), dtype=np.int32)
        ends = chance.integers(max(1, longest // 2), longest + 1, count)
        ends[0] = longest
        return np.where(np.arange(longest) < ends[:, None], ids, 0).astype(np.int32)
    if inputs.kind == "table":
        return np.stack([_row(preprocessing.columns, chance) for _ in range(count)])
    mean, std = (np.array(values, np.float32) for values in (preprocessing.mean, preprocessing.std))
    return (mean + std * chance.standard_normal((count, *inputs.shape))).astype(np.float32)


def _row(columns: Any, chance: np.random.Generator) -> np.ndarray:
    """Return a row as the cache holds it: a number or the code of a category by column, some of them missing."""
    values = [
        chance.integers(0, len(column.categories) + 1)
        if hasattr(column, "categories")
        else column.mean + column.std * chance.standard_normal()
        for column in columns
    ]
    missing = chance.random(len(values)) < 0.1
    return np.where(missing, np.nan, np.array(values, np.float32)).astype(np.float32)


def told_by(whole: Whole, encoded: np.ndarray) -> np.ndarray:
    """Return what the model tells of encoded inputs."""
    with torch.inference_mode():
        return whole(torch.from_numpy(encoded)).numpy()
