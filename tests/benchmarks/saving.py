"""What saving costs: a training with checkpoints and models against the same training that saves nothing meanwhile."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import Figure, alternate
from tests.benchmarks.training import _write_data

EPOCHS = 50
RECIPE = f"""
[data]
kind = "idx"
path = "idx"
validation = 0.1
[architecture]
kind = "mlp"
hidden = [2048, 2048]
[training]
epochs = {EPOCHS}
batch_size = 64
"""

TRAIN = """
import sys
from pathlib import Path
from workbench.commands.in_terminal import queued
from workbench.training import keeping, worker
if sys.argv[3] == "without":
    keeping.Keeper.checkpoint = keeping.Keeper.keep_best = lambda *arguments: iter(())
folder = queued(Path(sys.argv[1]), (), Path(sys.argv[2]))
ending = worker.train_run(folder)
assert type(ending).__name__ == "Finished", ending
"""


def figure(rounds: int) -> Figure:
    """Return training without and with saving at the default interval, 6.4 million weights with AdamW's moments."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write_data(folder, 10_000)
        (folder / "recipe.toml").write_text(RECIPE)

        def train(how: str) -> None:
            command = [sys.executable, "-c", TRAIN, str(folder / "recipe.toml"), str(folder / "runs"), how]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        return alternate(
            Figure("Saving", "without saving", "with saving"), lambda: train("without"), lambda: train("with"), rounds
        )


def lines(rounds: int) -> list[str]:
    """Return the figure, and by how much saving makes a run longer."""
    found = figure(rounds)
    return [*found.lines(), f"  saving makes the run {(1 / found.ratio - 1) * 100:.1f} % longer"]
