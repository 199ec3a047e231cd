"""What runs where this program cannot be seen: from raw inputs to numbers and labels, by an export's own code alone.

`python -c PROGRAM GIVEN ANSWER` in the folder of an export. GIVEN: JSON of raw inputs. ANSWER: .npz of what is told of
each of them, and JSON of the labels beside it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.export import Target

_PROGRAM = '''
import json
import sys

sys.modules["workbench"] = None  # it must do without
sys.path.insert(0, ".")
import numpy as np

{check}

from {prepares} import DESCRIBED, LABELS, PREPROCESSING, prepare


def label(told, prepared):
    match DESCRIBED["task"]:
        case "classification":
            return LABELS[int(told.argmax())]
        case "multi_label":
            return ", ".join(label for label, score in zip(LABELS, told) if score >= 0.5)
        case "next_token":
            return PREPROCESSING.token(int(told[-1].argmax()))
        case "masked_token":
            masked = prepared == PREPROCESSING.special["mask"]
            return " ".join(PREPROCESSING.token(int(each)) for each in told[masked].argmax(-1))
    return ""


def in_batches(prepared):
    """Yield what is told of each input; those of one shape are given together, 50 at a time."""
    found = [None] * len(prepared)
    for shape in {{each.shape for each in prepared}}:
        places = [place for place, each in enumerate(prepared) if each.shape == shape]
        for begin in range(0, len(places), 50):
            some = places[begin : begin + 50]
            for place, row in zip(some, told(np.stack([prepared[each] for each in some]))):
                found[place] = row
    return found


with open(sys.argv[1], encoding="utf-8") as file:
    raws = json.load(file)
if DESCRIBED["inputs"]["kind"] == "series":
    raws = [np.array(raw, np.float32) for raw in raws]
prepared = [prepare(raw) for raw in raws]
answers = in_batches(prepared)
np.savez(sys.argv[2], **{{f"{{number:04}}": answer for number, answer in enumerate(answers)}})
with open(sys.argv[2] + ".json", "w", encoding="utf-8") as file:
    json.dump([label(*each) for each in zip(answers, prepared)], file)
'''


@dataclass(frozen=True)
class Told:
    """What a model tells of each input: numbers, and a label, "" for tasks that have none."""

    numbers: Sequence[np.ndarray]
    labels: Sequence[str]


def told_elsewhere(target: Target, export: Path, raws: Sequence[Any], place: Path) -> Told:
    """Return what an exported model tells of raw inputs: paths of pictures, texts, rows by column, series."""
    given, answer = place / "given.json", place / "answer.npz"
    given.write_text(json.dumps(raws), encoding="utf-8")
    program = _PROGRAM.format(check=target.check, prepares="model" if target.kind == "pytorch" else "preparing")
    command = [sys.executable, "-B", "-c", program, str(given), str(answer)]
    done = subprocess.run(
        command, cwd=export, capture_output=True, text=True, timeout=300, check=False, errors="replace"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(answer) as found:
        numbers = [found[name] for name in sorted(found.files)]
    return Told(numbers, json.loads(answer.with_name("answer.npz.json").read_text(encoding="utf-8")))
