"""Try every goal at the figures of a release, and print a line for each.

python -m tests.robustness                 all goals, as often as a release asks
python -m tests.robustness kill bit_flips  only these
python -m tests.robustness --times 50      each so often instead
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import FOLDERS
from tests.robustness.goal import Found, Goal, all_goals

_SHOWN = 5  # failures that are printed of a goal


def main() -> int:
    """Print a line for each goal; return 1 when one was missed."""
    known = dict(all_goals())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=", ".join(known))
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    unknown = [name for name in asked.goals if name not in known]
    if unknown:
        parser.error(f"no goal is called {', '.join(unknown)}; there are {', '.join(known)}")
    missed = 0
    for name in asked.goals or known:
        missed += not _is_met(name, known[name], asked.times or known[name].release, asked.seed)
    return int(bool(missed))


def _is_met(name: str, goal: Goal, times: int, seed: int) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"workbench-{name}-") as place:
        for variable, folder in FOLDERS.items():
            os.environ[variable] = str(Path(place) / "own" / folder)
        (Path(place) / "work").mkdir()
        try:
            found = goal.try_it(times, seed, Path(place) / "work")
        except Exception as error:  # noqa: BLE001 - a broken harness is a missed goal, and the others still have their turn
            found = Found(failures=[f"the harness itself failed: {error!r}"])
    is_met = not found.failures and found.tried >= times
    figures = "".join(f"; {what} {figure}" for what, figure in found.figures.items())
    state = "met" if is_met else "MISSED"
    print(f"{state:6}  {name:16}  {goal.title}: {found.tried:,} of {times:,} tried, {len(found.failures)} failed"
          f"{figures} ({time.monotonic() - began:.0f} s)", flush=True)  # fmt: skip
    for failure in found.failures[:_SHOWN]:
        print(f"        {failure}", flush=True)
    return is_met


if __name__ == "__main__":
    sys.exit(main())
