"""A long training that looks at its own process: `python -m … STEPS RUNS`.

Prints a line of JSON: {"steps", "ending", "samples": [[step, resident bytes, open files, threads], …]}.
"""

import json
import sys
from pathlib import Path

import psutil

from workbench.core.events import Event, StepsDone
from workbench.core.run_folder import new_run
from workbench.training.worker import train_run

_SAMPLES = 1_000  # at most
_RECIPE = """
[data]
kind = "samples"
name = "digits"
[architecture]
kind = "mlp"
hidden = [16]
[training]
epochs = 100000
steps = {steps}
batch_size = 16
patience = 0
"""


def main(steps: int, runs: Path) -> None:
    process, samples, due = psutil.Process(), [], 0

    def look(event: Event) -> None:
        nonlocal due
        if isinstance(event, StepsDone) and event.step >= due:
            due = event.step + max(1, steps // _SAMPLES)
            samples.append([event.step, process.memory_info().rss, process.num_fds(), process.num_threads()])

    ending = train_run(new_run(runs, "soak", _RECIPE.format(steps=steps)), (), look)
    print(json.dumps({"steps": ending.step, "ending": type(ending).__name__, "samples": samples}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
