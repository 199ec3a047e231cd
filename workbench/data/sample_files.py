"""Where the samples lie that come with the program: `sample:NAME` stands for their path in a recipe."""

from collections.abc import Callable
from pathlib import Path

from workbench.core import paths
from workbench.core.errors import UserError

SAMPLE = "sample:"
MADE: dict[str, Callable[[Path], None]] = {}  # name -> writes the sample to a path; for those that are no file


def sample_file(name: str) -> Path:
    """Return the file or folder of the sample called `name`; raises UserError when there is none."""
    path = paths.resources() / "samples" / name
    if ".." not in Path(name).parts and path.exists():
        return path
    if name not in MADE:
        raise UserError("The sample is missing: {folder}.", hint="Install the program again.", folder=str(path))
    made = paths.cache() / "samples" / name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        beside = made.with_name(f".{name}.part")
        MADE[name](beside)
        beside.replace(made)
    return made
