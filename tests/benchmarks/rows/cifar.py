"""CIFAR-10 from JPEG files: what ours reaches in 20 seconds, against a plain ResNet-18 after a minute of training."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Amount, Figure, Result, Row
from tests.benchmarks.speed_recipes import trial

DATA = Path(os.environ.get("WORKBENCH_BENCH_DATA", Path(__file__).parents[4] / "shared" / "data"))
PLAIN_SECONDS = 60
STEMS = {"small": "ResNet-18, its stem for small pictures", "standard": "ResNet-18, its stem for photographs"}
AUGMENTATION = {"augmentation.alternating_flip": "true"}  # that of the recipe: other data begin without


def _measure(rounds: int) -> Iterator[Result]:
    archive = DATA / "cifar10-images.zip"
    if not archive.is_file():
        print(f"   left out: there is no {archive}; WORKBENCH_BENCH_DATA says where to look")
        return
    data = {"kind": "image_folder", "path": str(archive), "validation": 0.02, **AUGMENTATION}
    seconds = Amount("Ours, the whole process", "s", at_most=20.0)
    accuracies = {
        stem: Figure("Test accuracy", name, "workbench train", reach=1.0, unit="", rises=True)
        for stem, name in STEMS.items()
    }
    with trial("cifar10-speed", data) as runs:
        for seed in range(rounds):
            taken, metrics = runs.ours(seed)
            seconds.rounds.append(taken)
            for stem, figure in accuracies.items():
                figure.firsts.append(runs.by_hand("cifar", seed, PLAIN_SECONDS, stem)[1]["accuracy"])
                figure.seconds.append(metrics["test_accuracy"])
            found = ", ".join(f"{figure.firsts[-1]:.4f}" for figure in accuracies.values())
            print(f"   seed {seed}: ours {metrics['test_accuracy']:.4f} after {taken:.1f} s; by hand {found}")
    yield seconds
    yield from accuracies.values()


ROW = Row(
    4,
    f"CIFAR-10 from JPEG files, decoded before (the loop has them as arrays in memory): ours in 20 s, against a plain "
    f"ResNet-18 loop (DataLoader, SGD with momentum, 0.1, batch 128, float32) after {PLAIN_SECONDS} s of training",
    _measure,
)
