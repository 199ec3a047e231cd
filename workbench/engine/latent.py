"""Autoencoders: what comes back of an image, where samples lie in the middle, and what lies at a point of it."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.engine._predictors import predictor_of
from workbench.engine.prediction import held_back, item_of
from workbench.inference.predictor import Predictor

_planes: dict[Path, tuple[np.ndarray, np.ndarray]] = {}  # of the latest model: the middle and two directions of a map


def reconstruct(run: str, input: Mapping[str, Any], invert: bool = False) -> dict[str, Any]:
    """Return an image as it goes in, as it comes out, and how far these are apart, with the error of the answer.

    input, output, difference: {"shape": [H, W, C], "pixels": base64 of uint8}. Raises UserError when the model is no
    autoencoder of images, or the image cannot be read.
    """
    predictor = _autoencoder(run, images=True)
    pixels = np.array(predictor.seen(item_of(input, 0).raw, invert=invert))
    ready = predictor.ready(pixels[None])
    task: Any = predictor.task
    outputs = predictor.outputs(ready)
    restored = _pixels(predictor, task.parts(outputs)[0])[0]
    apart = np.abs(pixels.astype(np.int16) - restored).astype(np.uint8)
    images = {"input": pixels, "output": restored, "difference": apart}
    return {**{name: _plain(image) for name, image in images.items()}, "error": float(task.errors(outputs, ready)[0])}


def points(run: str, most: int = 1000, data: str = "") -> dict[str, Any]:
    """Return where samples that were held back lie in the middle: points [[x, y]…], their labels and all classes.

    A middle of more than two numbers is looked at along the two directions in which it varies most (PCA; Pearson
    1901); exact says whether it was not. data: where the data lie now, if they moved.
    """
    predictor = _autoencoder(run)
    dataset, split = held_back(run, data)
    places = np.unique(np.linspace(0, len(split) - 1, min(most, len(split))).astype(np.int64))
    network: Any = predictor.model.network
    with torch.inference_mode():
        codes = network.encode(predictor.ready(split.rows(places))).cpu().double().numpy()
    middle, directions = _plane(codes)
    _planes.clear()
    _planes[predictor.model.folder] = middle, directions
    classes = list(dataset.classes)
    labels = split.targets[places].tolist() if classes and split.targets.ndim == 1 else [0] * len(places)
    flat = (codes - middle) @ directions.T
    return {"points": flat.tolist(), "labels": labels, "classes": classes, "exact": codes.shape[1] == 2}


def decode(run: str, point: Sequence[float]) -> dict[str, Any]:
    """Return the image that a point of the map stands for, as {"shape", "pixels"}."""
    predictor = _autoencoder(run, images=True)
    if predictor.model.folder not in _planes:
        points(run)  # which says what the two directions are
    middle, directions = _planes[predictor.model.folder]
    code = middle + np.asarray(point, np.float64) @ directions
    network: Any = predictor.model.network
    with torch.inference_mode():
        restored = network.decode(torch.from_numpy(code[None].astype(np.float32)).to(predictor.device))
    return _plain(_pixels(predictor, restored)[0])


def _autoencoder(run: str, *, images: bool = False) -> Predictor:
    predictor = predictor_of(run)
    if not hasattr(predictor.model.network, "encode") or (images and not predictor.takes_images):
        raise UserError("This model is no autoencoder of images.", hint="Choose a run of an autoencoder.")
    return predictor


def _plane(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the origin (latent,) and the axes (2, latent) of a map of codes (N, latent)."""
    size = codes.shape[1]
    if size == 2:
        return np.zeros(2), np.eye(2)
    if size == 1 or len(codes) < 2:
        return np.zeros(size), np.eye(2, size)
    from sklearn.decomposition import PCA  # takes a while to import

    found: Any = PCA(2).fit(codes)
    return found.mean_, found.components_


def _pixels(predictor: Predictor, restored: Tensor) -> np.ndarray:
    """Return what the network gave as images: (n, …) of mean 0 and deviation 1 -> (n, H, W, C) uint8."""
    preprocessing = predictor.preprocessing
    channels, height, width = preprocessing.inputs.shape
    values = restored.cpu().float().numpy().reshape(-1, channels, height, width)
    mean, std = (np.array(part, np.float32)[:, None, None] for part in (preprocessing.mean, preprocessing.std))
    return np.round((values * std + mean) * 255).clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def _plain(image: np.ndarray) -> dict[str, Any]:
    pixels = base64.b64encode(np.ascontiguousarray(image).tobytes()).decode("ascii")
    return {"shape": list(image.shape), "pixels": pixels}
