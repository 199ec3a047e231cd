"""Prints every figure and its rounds: `python -m tests.benchmarks [NAME…] [--rounds N] [--images PATH]`."""

import argparse
from pathlib import Path

from tests.benchmarks import opening, saving, training, window
from tests.benchmarks.measuring import machine


def main() -> None:
    """Measure what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", help="opening, window, training, saving; all when none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=Path, help="folder or archive to open, instead of 60,000 made ones")
    chosen = parser.parse_args()
    print(machine())
    known = {
        "opening": lambda: opening.figure(min(chosen.rounds, 3), chosen.images).lines(),
        "window": lambda: window.lines(chosen.images),
        "training": lambda: training.figure(chosen.rounds).lines(),
        "saving": lambda: saving.lines(min(chosen.rounds, 3)),
    }
    for name in chosen.figures or known:
        print("\n".join(known[name]()), flush=True)


if __name__ == "__main__":
    main()
