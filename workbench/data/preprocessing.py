"""From a raw image or text to what a network takes: fitted on the training split, kept with the model, used unchanged.

What is dropped on the window goes through the very code that decoded the training images.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from workbench.core.images import Source, read
from workbench.core.signature import Inputs
from workbench.data.dataset import Dataset, Split
from workbench.data.masked_preprocessing import MaskedPreprocessing
from workbench.data.masker import Masker
from workbench.data.text_preprocessing import TextPreprocessing

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ImagePreprocessing", "Preprocessing", "TextPreprocessing", "fit", "from_plain"]

_SOME = 200  # images that tell how bright a border usually is
_CHUNK = 1 << 24  # values that are brought to floating point at a time
_LEAST_DEVIATION = 1 / 255  # a channel that is the same everywhere is not blown up


@dataclass(frozen=True)
class ImagePreprocessing:
    """Brings images to one size, and their channels to mean 0 and deviation 1 over the training split.

    mean, std: one per channel, in units of 0…1. border: mean brightness of the outermost pixels of training images, by
    which an inverted image is noticed; -1 when it is not known.
    """

    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    border: float = -1.0

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("image", (self.channels, self.height, self.width))

    def encode(self, raw: Source | np.ndarray, notes: list[str] | None = None) -> np.ndarray:
        """Return an image, given as path, bytes of a file, Pillow image or uint8 array, as (H, W, C) uint8.

        notes: what was done to it is appended, as names of `core.images.NOTES`. Raises UserError.
        """
        if isinstance(raw, np.ndarray):
            raw = Image.fromarray(raw[:, :, 0] if raw.ndim == 3 and raw.shape[2] == 1 else raw)
        reading = read(raw, self.channels, self.height, self.width)
        if notes is not None:
            notes.extend(reading.notes)
        return np.array(reading.pixels)  # a copy of its own: torch warns of memory that must not be written to

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return images as a network takes them: (N, H, W, C) uint8 -> (N, C, H, W) float32, on the device they are on.

        The memory stays in the order of the input, which is channels-last; nothing is copied for it.
        """
        return self.normalised(batch.permute(0, 3, 1, 2))

    def normalised(self, images: "Tensor") -> "Tensor":
        """Return images with mean 0 and deviation 1: (N, C, H, W) uint8, or float in 0…1 -> the same shape, float32."""
        import torch  # not needed to open data

        shift, scale = _shift_and_scale(
            self.mean, self.std, 1.0 if images.is_floating_point() else 255.0, str(images.device)
        )
        return torch.addcmul(shift, images.float(), scale)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        sides = {"channels": self.channels, "height": self.height, "width": self.width}
        return {"kind": "image", **sides, "mean": list(self.mean), "std": list(self.std), "border": self.border}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "ImagePreprocessing":
        """Return the preprocessing that `to_plain` described."""
        sides = (plain["channels"], plain["height"], plain["width"])
        return cls(*sides, tuple(plain["mean"]), tuple(plain["std"]), plain.get("border", -1.0))

    @classmethod
    def fitted(cls, dataset: Dataset, settings: Any = None) -> "ImagePreprocessing":
        """Return the preprocessing whose means and deviations are those of the training images."""
        channels, height, width = dataset.inputs.shape
        mean, std = _moments(dataset.training, channels)
        deviation = np.maximum(std, _LEAST_DEVIATION)
        some = dataset.training.rows(np.linspace(0, len(dataset.training) - 1, _SOME).astype(np.int64))
        return cls(channels, height, width, tuple(mean.tolist()), tuple(deviation.tolist()), border_brightness(some))


@lru_cache(maxsize=64)
def _shift_and_scale(
    mean: tuple[float, ...], std: tuple[float, ...], full: float, device: str
) -> "tuple[Tensor, Tensor]":
    """Return what is added to a value and what it is multiplied by, (1, C, 1, 1) each.

    They are kept: made anew for every batch, a GPU's queue would have to be waited for.
    """
    import torch  # not needed to open data

    with torch.inference_mode(False):  # also training uses what a prediction made first
        scale = torch.tensor([1 / (full * deviation) for deviation in std], device=device)
        shift = torch.tensor([-middle / deviation for middle, deviation in zip(mean, std, strict=True)], device=device)
        return shift.view(1, -1, 1, 1), scale.view(1, -1, 1, 1)


def border_brightness(images: np.ndarray) -> float:
    """Return the mean of the outermost pixels, in units of 0…1: (..., H, W, C) uint8."""
    edges = (images[..., 0, :, :], images[..., -1, :, :], images[..., 1:-1, 0, :], images[..., 1:-1, -1, :])
    return sum(int(edge.sum()) for edge in edges) / max(sum(edge.size for edge in edges), 1) / 255


class Preprocessing(Protocol):
    """What every kind of preprocessing does; those of texts also have `encode_all(texts)` and `stream(texts)`."""

    @property
    def inputs(self) -> Inputs: ...
    def encode(self, raw: Any, notes: list[str] | None = None) -> np.ndarray: ...
    def tensor(self, batch: "Tensor") -> "Tensor": ...
    def to_plain(self) -> dict[str, Any]: ...


# By the name in `to_plain()["kind"]`, where its class lies.
_CLASSES = {
    "image": "workbench.data.preprocessing:ImagePreprocessing",
    "text": "workbench.data.text_preprocessing:TextPreprocessing",
    "pretrained_image": "workbench.data.pretrained_image:PretrainedImage",
    "pretrained_text": "workbench.data.pretrained_text:PretrainedText",
    "subwords": "workbench.data.token_preprocessing:SubwordPreprocessing",
    "table": "workbench.data.table_preprocessing:TablePreprocessing",
    "series": "workbench.data.series_preprocessing:SeriesPreprocessing",
}


def fit(dataset: Dataset, architecture_settings: Any = None) -> Preprocessing:
    """Return the preprocessing for `dataset`, fitted on its training split.

    architecture_settings: for texts its tokens, vocabulary and length say how they are tokenised; where they have a
    method `own_preprocessing(dataset)`, what that returns, also in plain values, is taken unless it is None: models
    that were trained elsewhere bring their own. What was masked in the data is masked in all that is encoded later.
    """
    return masked_as(dataset, _fitted(dataset, architecture_settings))


def masked_as(dataset: Dataset, made: Preprocessing) -> Preprocessing:
    """Return the preprocessing behind the masker of the data, if they have one."""
    plain = dataset.facts.get("masking")
    return _behind(made.inner if isinstance(made, MaskedPreprocessing) else made, plain) if plain else made


def _fitted(dataset: Dataset, architecture_settings: Any) -> Preprocessing:
    own = getattr(architecture_settings, "own_preprocessing", None)
    made = own(dataset) if own else None
    if made is None:
        kind = dataset.inputs.kind
        if kind == "text" and getattr(architecture_settings, "tokens", "word") in ("bpe", "wordpiece"):
            kind = "subwords"
        return _class(kind).fitted(dataset, architecture_settings)
    return from_plain(made) if isinstance(made, Mapping) else made


def from_plain(plain: Mapping[str, Any]) -> Preprocessing:
    """Return the preprocessing that its `to_plain` described, of whichever kind."""
    made = _class(plain["kind"]).from_plain(plain)
    return _behind(made, plain["masking"]) if "masking" in plain else made


def _behind(made: Preprocessing, masking: Mapping[str, Any]) -> Preprocessing:
    return MaskedPreprocessing(made, Masker.from_plain(masking))


def _class(kind: str) -> Any:
    module, _, name = _CLASSES[kind].partition(":")
    return getattr(importlib.import_module(module), name)


def _moments(split: Split, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each channel, in units of 0…1: (C,) float64 each."""
    sums, squares, count = np.zeros(channels), np.zeros(channels), 0
    step = max(1, _CHUNK // max(1, int(np.prod(np.shape(split.inputs)[1:]))))
    for begin in range(0, len(split), step):
        pixels = split.rows(slice(begin, begin + step)).reshape(-1, channels)
        count += len(pixels)
        for channel in range(channels):
            # counting 256 values is exact, and faster than floating point
            values = np.bincount(pixels[:, channel], minlength=256)
            sums[channel] += values @ np.arange(256.0)
            squares[channel] += values @ np.arange(256.0) ** 2
    mean = sums / max(count, 1)
    return mean / 255, np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0)) / 255
