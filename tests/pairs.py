"""Every architecture with every task that it learns, each on a bundled sample: what contract tests run over."""

from typing import Any, NamedTuple

from workbench.architectures import architectures

# By kind of inputs and task, the smallest data that come along and pose it.
_DIGITS = {"kind": "samples", "name": "digits", "validation": 0.45, "test": 0.45}
_REVIEWS = {"kind": "samples", "name": "reviews", "validation": 0.4, "test": 0.4}
SAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("image", "classification"): _DIGITS,
    ("image", "reconstruction"): {**_DIGITS, "task": "reconstruction"},
    ("text", "classification"): _REVIEWS,
    ("text", "multi_label"): {"kind": "samples", "name": "review-labels", "validation": 0.4, "test": 0.4},
    ("text", "masked_token"): {**_REVIEWS, "task": "masked_token"},
    ("text", "next_token"): {**_REVIEWS, "task": "next_token"},
    ("table", "classification"): {"kind": "samples", "name": "wine"},
    ("table", "regression"): {"kind": "samples", "name": "diabetes"},
    ("table", "reconstruction"): {"kind": "samples", "name": "wine", "task": "reconstruction"},
    ("series", "forecasting"): {"kind": "samples", "name": "series"},
    ("series", "reconstruction"): {"kind": "samples", "name": "series", "task": "reconstruction"},
}
ELSEWHERE = {"pretrained"}  # is nothing without a folder: its own tests make one


class Pair(NamedTuple):
    """An architecture, what it reads, and what it learns."""

    kind: str
    inputs: str
    task: str

    def data(self) -> dict[str, Any]:
        """Return the plain settings of the sample."""
        return SAMPLES[self.inputs, self.task]

    def architecture(self) -> dict[str, Any]:
        """Return the plain settings of the tiny network."""
        return {"kind": self.kind, **architectures[self.kind].tiny}

    def name(self) -> str:
        """Return what the test of this pair is called."""
        return "-".join(self)


def pairs() -> list[Pair]:
    """Return all of them, as far as a sample poses the task."""
    return [
        Pair(kind, inputs, task)
        for kind, entry in architectures.items()
        for inputs in entry.inputs
        for task in entry.tasks
        if (inputs, task) in SAMPLES and kind not in ELSEWHERE
    ]
