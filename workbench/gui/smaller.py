"""Recipes of runs that make a smaller model of another run."""

from collections.abc import Mapping
from typing import Any

_GENTLER = 0.3  # of the learning rate with which the weights were found: they are to be mended, not found again


def pruned(recipe: Mapping[str, Any], run: str, share: float, epochs: int) -> dict[str, Any]:
    """Return the recipe that begins with the weights of the run in the folder `run`, prunes and mends them."""
    training = dict(recipe.get("training", {}))
    optimizer = dict(training.get("optimizer", {}))
    if isinstance(optimizer.get("learning_rate"), float):
        optimizer["learning_rate"] = float(f"{optimizer['learning_rate'] * _GENTLER:.3g}")
    training |= {"start_from": run, "epochs": epochs, "steps": 0, "optimizer": optimizer}
    return {**recipe, "training": {**training, "pruning": {"share": share}}}


def taught(recipe: Mapping[str, Any], run: str) -> dict[str, Any]:
    """Return the recipe that learns from the run in the folder `run`, with fresh weights."""
    training = {**recipe.get("training", {}), "teacher": run, "start_from": "", "freeze": "none"}
    return {**recipe, "training": training}
