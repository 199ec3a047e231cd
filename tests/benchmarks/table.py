"""The kept rounds as a table in Markdown: `python -m tests.benchmarks.table [FILE]`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Amount, Figure, Result


def table(kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines: each figure with both medians, how many times better ours is, and what is to be reached.

    kept: by number of the row, as `python -m tests.benchmarks` writes it.
    """
    yield "| | work | against | ours | ratio | to reach |"
    yield "|---|---|---|---|---|---|"
    for number in sorted(kept, key=int):
        row = kept[number]
        yield f"| **{number}** | **{row['title']}** | | | | |"
        for plain in row["results"]:
            yield _line(_result(plain))


def _result(plain: Mapping[str, Any]) -> Result:
    return Figure(**plain) if "firsts" in plain else Amount(**plain)


def _line(result: Result) -> str:
    if isinstance(result, Amount):
        limit = f"≤ {result.at_most:g} {_mark(result)}" if result.at_most else ""
        return f"| | {result.name} | | {_shown(result.value, result.unit)} | | {limit} |"
    first, second = (_shown(value, result.unit) for value in result.medians)
    reach = f"≥ {result.reach:g} {_mark(result)}" if result.reach else ""
    return f"| | {result.name} | {result.first}: {first} | {second} | {result.ratio:.2f} | {reach} |"


def _mark(result: Result) -> str:
    return "✓" if result.is_reached else "✗"


def _shown(value: float, unit: str) -> str:
    """Return a number with three digits that count; short times in milli- or microseconds."""
    if unit == "s":
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * factor >= 1:
                return f"{value * factor:.3g} {name}"
    return f"{value:.3g} {unit}"


if __name__ == "__main__":
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".bench/figures.json")
    print("\n".join(table(json.loads(file.read_text(encoding="utf-8")))))
