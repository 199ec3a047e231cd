"""torch's compiler is imported by nothing but compiling: it takes longer than many a training."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.runs import make_run

TRAIN = """
import sys
from pathlib import Path
from workbench.core.run_folder import RunFolder
from workbench.training.worker import train_run
print(type(train_run(RunFolder(Path(sys.argv[1])))).__name__)
module = sys.modules.get("torch._dynamo")
print("imported" if module else "left alone")
import torch._dynamo
print(torch._dynamo.__file__ is not None, callable(torch._dynamo.optimize))
"""


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_training_leaves_the_compiler_alone_until_it_is_wanted(optimizer: str, tmp_path: Path) -> None:
    folder = make_run(tmp_path, "training.epochs=1", f"training.optimizer.kind={optimizer}")
    command = [sys.executable, "-c", TRAIN, str(folder.path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    assert said[:3] == ["Finished", "left alone", "True True"]
