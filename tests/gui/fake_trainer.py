"""A stand-in for the trainer's process: the same line on standard input and the same run folder, without torch.

The learning rate of the run says what it does: 0.1 trains to the end at once, 0.2 trains until it is told to stop,
0.3 dies in the middle, 0.4 aborts as a driver does that was lost.
"""

import json
import os
import sys
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.core.run_maker import started, steps
from workbench.core.events import Answered, EpochDone, Finished, Stopped
from workbench.core.run_folder import RunFolder
from workbench.core.run_writer import RunWriter


def main() -> None:
    line = sys.stdin.readline()
    if not line:
        return
    folder = RunFolder(Path(json.loads(line)["run"]))
    plain = tomllib.loads(folder.asked.read_text())
    rate, epochs = plain["training"]["optimizer"]["learning_rate"], plain["training"]["epochs"]
    for assignment in json.loads(line)["set"]:
        epochs = int(assignment.partition("training.epochs=")[2] or epochs)
    with RunWriter(folder) as writer:
        begin = 10 * (writer.attempt - 1)
        writer.write(started(writer.attempt, begin, epochs=epochs))
        writer.write(steps(begin + 1, begin + 10))
        writer.write(EpochDone(1, begin + 10, {"validation_loss": 0.5, "validation_accuracy": 0.75}, 0.1))
        if rate == 0.3:
            print("about to die", file=sys.stderr, flush=True)
            os._exit(7)
        if rate == 0.4:
            os.abort()
        heard = 0
        while rate == 0.2:
            wish = folder.wish()
            if wish and wish.number > heard and wish.attempt == writer.attempt:
                heard = wish.number
                if wish.wanted == "stop":
                    writer.write(Stopped(begin + 10, 1, 1.0, {}))
                    return
                writer.write(Answered(wish.number, "paused" if wish.wanted == "pause" else "running"))
            time.sleep(0.01)
        writer.write(Finished(begin + 10, 1, 1.0, {"test_accuracy": 0.7}))


if __name__ == "__main__":
    main()
