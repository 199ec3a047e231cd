"""Settings of runs that make a smaller model of another run: lent to the next run alone, on top of what is its own."""

from collections.abc import Mapping
from typing import Any

_GENTLER = 0.3  # of the learning rate with which the weights were found: they are to be mended, not found again
_OF_OTHERS = ("start_from", "teacher", "teacher_share", "teacher_temperature", "pruning")


def own(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe without what its run has of other runs: their weights, their lessons, their pruning."""
    training = {name: value for name, value in recipe.get("training", {}).items() if name not in _OF_OTHERS}
    if recipe.get("training", {}).get("start_from"):
        training.pop("freeze", None)  # it was for those weights
    return {**recipe, "training": training}


def pruned(recipe: Mapping[str, Any], run: str, share: float, epochs: int) -> dict[str, Any]:
    """Return the settings that begin with the weights of the run in the folder `run`, prune and mend them."""
    training = recipe.get("training", {})
    lent = {"start_from": run, "freeze": training.get("freeze", "none"), "epochs": epochs, "steps": 0}
    rate = training.get("optimizer", {}).get("learning_rate")
    if isinstance(rate, float):
        lent["optimizer"] = {"learning_rate": float(f"{rate * _GENTLER:.3g}")}
    return {**lent, "pruning": {"share": share}}


def taught(run: str) -> dict[str, Any]:
    """Return the settings that learn from the run in the folder `run`, with fresh weights."""
    return {"teacher": run, "start_from": "", "freeze": "none"}
