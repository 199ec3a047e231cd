"""Fashion-MNIST to a test accuracy of 0.90: whole processes, with start, data and evaluation."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.loops import WANTED
from tests.benchmarks.measuring import Amount, Figure, Result, Row
from tests.benchmarks.speed_recipes import trial

DATA = Path("/usr/share/datasets/fashion-mnist")  # where Debian's dataset-fashion-mnist puts it


def _measure(rounds: int) -> Iterator[Result]:
    if not DATA.is_dir():
        print(f"   left out: there is no {DATA}")
        return
    seconds = Figure("Seconds to 0.90", "loop by hand, until 0.90", "workbench train", reach=5.0)
    wrong = Amount("Test images that ours gets wrong", "of 1", at_most=1 - WANTED)
    with trial("fashion-mnist-speed", {"kind": "idx", "path": str(DATA), "validation": 0.02}) as runs:
        for seed in range(rounds):
            by_hand, said = runs.by_hand("fashion", seed, runs.recipe)
            ours, metrics = runs.ours(seed)
            print(f"   seed {seed}: by hand {by_hand:.1f} s, {said}; ours {ours:.1f} s, {metrics['test_accuracy']:.4f}")
            seconds.firsts.append(by_hand)
            seconds.seconds.append(ours)
            wrong.rounds.append(1 - metrics["test_accuracy"])
    yield seconds
    yield wrong


ROW = Row(
    3,
    "Fashion-MNIST to 0.90 of the test images, decoded before: the same network in a plain PyTorch loop "
    "(DataLoader, AdamW, batch 64, float32, evaluated after each epoch)",
    _measure,
)
