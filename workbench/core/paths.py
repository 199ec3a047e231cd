"""Where things lie on this machine."""

import os
from pathlib import Path

import platformdirs


def resources() -> Path:
    """Return the folder of icons, translations, samples and guide: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "resources"
    return packed if packed.is_dir() else package.parent / "resources"


def runs() -> Path:
    """Return the folder of runs: `WORKBENCH_RUNS`, or `runs/` in the user's data folder."""
    return Path(os.environ.get("WORKBENCH_RUNS") or platformdirs.user_data_path("workbench", appauthor=False) / "runs")


def cache() -> Path:
    """Return the folder of decoded data: `WORKBENCH_CACHE`, or the user's cache folder; all in it can be made again."""
    return Path(os.environ.get("WORKBENCH_CACHE") or platformdirs.user_cache_path("workbench", appauthor=False))


def state() -> Path:
    """Return the folder of what the window remembers: `WORKBENCH_STATE`, or the user's state folder."""
    return Path(os.environ.get("WORKBENCH_STATE") or platformdirs.user_state_path("workbench", appauthor=False))
