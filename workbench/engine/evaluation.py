"""Evaluation: how good a run's model is on the samples it did not learn from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.inference.evaluation import evaluate_run, kept_evaluation


def evaluate(progress: Callable[..., None], run: str, data: str = "", device: str = "cpu") -> dict[str, Any]:
    """Evaluate the best model of a run on its validation and test splits. A job.

    data: where the data lie now, if they moved. Returns metrics by split and name, and for the test split (without one,
    for the validation split) labels, confusion, per_class and mistakes; splits holds the same for each.
    """
    found = evaluate_run(RunFolder(Path(run)), data=data, device=device, progress=progress)
    return {**_headed(found["splits"]), **found}


def kept(run: str) -> dict[str, Any]:
    """Return what the last evaluation of a run found, shaped as `evaluate` returns it; splits is empty before any."""
    read = {split: kept_evaluation(RunFolder(Path(run)), split) for split in ("validation", "test")}
    splits = {split: found for split, found in read.items() if found}
    metrics = {f"{split}_{name}": value for split, found in splits.items() for name, value in found["metrics"].items()}
    return {**_headed(splits), "metrics": metrics, "splits": splits}


def _headed(splits: dict[str, Any]) -> dict[str, Any]:
    split = "test" if "test" in splits else "validation"
    names = ("labels", "confusion", "per_class", "mistakes")
    return {"split": split, **{name: splits.get(split, {}).get(name, []) for name in names}}
