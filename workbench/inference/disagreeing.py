"""The samples of which models say different things."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from workbench.tasks import Task

MOST = 48  # samples that are shown


def what_is_said(task: Task) -> Callable[[Tensor], Tensor] | None:
    """Return what makes of outputs (n, …) what a model says, (n, …) to be compared; None where that is no one thing.

    A class and how sure it is of it (n, 2), labels (n, labels) as 0 and 1, or numbers (n, targets).
    """
    match task.name:
        case "classification":
            return lambda outputs: torch.stack(torch.softmax(outputs.float(), 1).max(1), 1).cpu()
        case "multi_label":
            return lambda outputs: (outputs > 0).float().cpu()
        case "regression":
            return lambda outputs: task.natural(outputs, outputs)[0].float().cpu()
        case _:
            return None


def disagreements(task: Task, said: Sequence[Tensor]) -> tuple[int | None, list[int]]:
    """Return of how many samples the models do not all say the same, and the samples where they are furthest apart.

    said: (N, …) of every model, as `what_is_said` gives it. Of numbers no two are the same: the count is None then.
    """
    if task.name == "classification":
        classes, sureness = (torch.stack([each[:, column] for each in said]) for column in (1, 0))
        differ = (classes != classes[0]).any(0)
        apart = sureness.sum(0) * differ
    else:
        everything = torch.stack(list(said)).flatten(2)
        scale = everything[0].std(0).clamp_min(1e-12) if task.name == "regression" else 1.0
        apart = ((everything.amax(0) - everything.amin(0)) / scale).sum(1)
        differ = apart > 0
    rows = torch.argsort(apart, descending=True, stable=True)[: min(MOST, int(differ.sum()))]
    return (None if task.name == "regression" else int(differ.sum())), rows.tolist()
