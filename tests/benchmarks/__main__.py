"""Prints every figure and its rounds: `python -m tests.benchmarks [ROW|NAME…] [--rounds N] [--out FILE]`.

ROW is the number of a row of the table; NAME one of the figures beside it: opening, window, training,
saving, serving or growth.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import growth, opening, saving, serving, training, window
from tests.benchmarks.measuring import Result, Row, machine
from tests.benchmarks.rows import all_rows


def main() -> None:
    """Measure what was asked for, or every row of the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="*", metavar="ROW|NAME", help="all rows when none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=Path, help="folder or archive to open, instead of 60,000 made ones")
    parser.add_argument("--out", type=Path, default=Path(".bench/figures.json"), help="where the raw rounds are kept")
    chosen = parser.parse_args()
    rows = {str(row.number): row for row in all_rows()}
    beside = {
        "opening": lambda: opening.figure(min(chosen.rounds, 3), chosen.images).lines(),
        "window": lambda: window.lines(chosen.images),
        "training": lambda: training.figure(chosen.rounds).lines(),
        "growth": growth.lines,
        "saving": lambda: saving.lines(min(chosen.rounds, 3)),
        "serving": lambda: serving.lines(chosen.rounds),
    }
    if unknown := [name for name in chosen.figures if name not in {**rows, **beside}]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join((*rows, *beside))}")
    print(machine(), flush=True)
    for name in chosen.figures or rows:
        if name in beside:
            for line in beside[name]():
                print(line, flush=True)
            continue
        _keep(chosen.out, rows[name], list(_measured(rows[name], chosen.rounds)))


def _measured(row: Row, rounds: int) -> Iterator[Result]:
    print(f"\n{row.number}. {row.title}", flush=True)
    for result in row.measure(rounds):
        print("\n".join(f"   {line}" for line in result.lines()), flush=True)
        yield result


def _keep(path: Path, row: Row, results: list[Result]) -> None:
    """Put the raw rounds of a row into the file, beside those of other rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    facts = {"machine": machine(), "title": row.title, "results": [dataclasses.asdict(result) for result in results]}
    path.write_text(json.dumps({**known, str(row.number): facts}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
