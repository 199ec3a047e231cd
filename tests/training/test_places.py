"""A training is the same wherever its steps run."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs import make_run
from workbench.core.run_reader import whole_history
from workbench.training.worker import train_run


@pytest.mark.slow
def test_a_thread_and_a_process_train_the_same_run(tmp_path: Path) -> None:
    changes = ("training.threads=2", "architecture.dropout=0.2", "data.augmentation.rotation=10")
    here, there = make_run(tmp_path, *changes), make_run(tmp_path, *changes)
    thread = threading.Thread(target=train_run, args=(here,))
    thread.start()
    asked = json.dumps({"run": str(there.path)}).encode() + b"\n"
    subprocess.run([sys.executable, "-m", "workbench.training", "--wait"], input=asked, check=True, timeout=120)
    thread.join()
    first, second = whole_history(here)[0].scalars, whole_history(there)[0].scalars
    for name in ("training_loss", "learning_rate", "validation_loss", "validation_accuracy"):
        assert np.array_equal(first[name][1], second[name][1]), name
    models = [folder.best_model() for folder in (here, there)]
    assert models[0] is not None
    assert models[1] is not None
    assert (models[0] / "model.safetensors").read_bytes() == (models[1] / "model.safetensors").read_bytes()
