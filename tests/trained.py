"""Runs that were trained once and are read by many tests."""

from pathlib import Path

from tests.training.runs import trained
from workbench.core.run_folder import RunFolder

SMALL_TEXTS = {"kind": "textcnn", "embedding": 8, "filters": 8, "windows": [2], "vocabulary": 200}


def digits_run(runs: Path) -> RunFolder:
    """Return a finished run of a small network on a part of the digits."""
    return trained(runs, "training.epochs=6", "training.optimizer.learning_rate=0.02")[0]


def texts_run(runs: Path, table: Path) -> RunFolder:
    """Return a finished run of a small network on a table of texts."""
    data = {"kind": "text_table", "path": str(table), "validation": 0.2, "test": 0.2}
    return trained(
        runs, "training.epochs=8", "training.optimizer.learning_rate=0.02", data=data, architecture=SMALL_TEXTS
    )[0]


def writer_run(runs: Path) -> RunFolder:
    """Return a finished run of a tiny network that tells the next character of the reviews."""
    data = {"kind": "samples", "name": "reviews", "task": "next_token", "validation": 0.4, "test": 0.4}
    training = {"epochs": 1, "batch_size": 32, "device": "cpu", "threads": 1, "steps": 6}
    architecture = {"kind": "gpt", "tokens": "character", "context": 16, "layers": 1, "heads": 2, "width": 16}
    return trained(runs, data=data, architecture=architecture, training=training)[0]
