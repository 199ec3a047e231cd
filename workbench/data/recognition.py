"""What to say about a path that is no data this program knows."""

import os
from collections import Counter
from itertools import islice
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import mark

_LOOKED_AT = 10_000  # entries of a folder that are looked at
_HINT = mark(
    "What works: images in one folder per class, also as an archive; the MNIST family; a CSV of texts and labels."
)


def described(path: Path) -> UserError:
    """Return the error that names what was found at `path` and what would work."""
    name = shown(path.name or str(path))
    if not path.is_dir():
        return UserError("{name} is not data that can be trained on.", hint=_HINT, name=name)
    endings: Counter[str] = Counter()
    for _, _, files in islice(os.walk(path), _LOOKED_AT):
        endings.update(os.path.splitext(file)[1].lower() or shown(file) for file in files)
        if endings.total() > _LOOKED_AT:
            break
    if not endings:
        return UserError("The folder {name} is empty.", hint=_HINT, name=name)
    found = ", ".join(f"{count} × {shown(ending)}" for ending, count in endings.most_common(4))
    return UserError(
        "The folder {name} holds no data that can be trained on, only {found}.", hint=_HINT, name=name, found=found
    )
