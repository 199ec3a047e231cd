"""What there is to mask in data: how many values of each pattern, and some before and after. Nothing is kept."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words
from workbench.data import kinds
from workbench.data.base import DataSettings
from workbench.data.dataset import Progress, ProgressCallback, ignore
from workbench.data.masker import COLUMN, Masker
from workbench.data.masking import Masking
from workbench.data.masking_key import key_file, name_of_key
from workbench.data.personal_patterns import PATTERNS
from workbench.data.table_plan import known

Cells = tuple[str, Sequence[Any]]  # name of a column, "" for texts, and some of its values
_SHOWN = 3  # examples of a pattern
_WHOLE = "\0"  # what a column that is masked whole is called here, whether it was given by name or by number
_LONGEST = 60  # characters of an example
LOOKING = Words("Looking for personal data")


@dataclass
class Found:
    """How many values there are of a pattern, or in masked columns; examples: some different ones, before and after."""

    count: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, before: str, after: str) -> None:
        """Take in one more."""
        self.count += 1
        if len(self.examples) < _SHOWN:
            self.examples.setdefault(_short(before), after)


@dataclass(frozen=True)
class _Telling(Masker):
    """Masks, and tells of everything that it takes out: its pattern, what stood there, and what takes its place.

    once: the key of hashes where there is none yet, which nobody keeps.
    """

    tell: Callable[[str, str, str], None] = field(kw_only=True)
    once: bytes = field(kw_only=True)

    def secret(self) -> bytes:
        return self.once or super().secret()

    def word(self, kind: str, value: str) -> str:
        word = super().word(kind, value)
        self.tell(kind, value, word)
        return word


def masking_of(settings: DataSettings) -> Masking:
    """Return how these data are masked; raises UserError when they are of a kind that cannot be."""
    masking = getattr(settings, "masking", None)
    if not isinstance(masking, Masking) or kinds[settings.kind].raw is None:
        raise UserError("Only tables and texts can be masked.", hint="Open a table or texts.")
    return masking


def previewed(settings: DataSettings, progress: ProgressCallback = ignore) -> dict[str, Found]:
    """Return what is found of every pattern, whether it is to be masked or not, and of the columns that are.

    By name of PATTERNS, and COLUMN. Raises UserError when the data cannot be read.
    """
    masking = masking_of(settings)
    raw = kinds[settings.kind].raw
    assert raw is not None
    name = shown(Path(str(getattr(settings, "path", "") or settings.kind)).name)
    return found_in(raw(settings), masking, progress, name)


def found_in(
    cells: Iterable[Cells], masking: Masking, progress: ProgressCallback = ignore, name: str = "…"
) -> dict[str, Found]:
    """Return what is found in these values, as `previewed` does; raises UserError for columns that are not there.

    name: of the table.
    """
    found = {pattern: Found() for pattern in (*PATTERNS, COLUMN)}
    hashes, known_key = masking.method == "hash", key_file().exists()
    masker = _Telling(
        tuple(PATTERNS),
        (_WHOLE,),
        ("once" if not known_key else name_of_key()) if hashes else "",
        tell=lambda kind, before, after: found[kind].add(before, after),
        once=b"" if known_key else secrets.token_bytes(),
    )
    columns: list[str] = []
    done = 0
    for column, values in cells:
        if column not in columns:
            columns.append(column)
        whole = column in masking.columns or str(columns.index(column) + 1) in masking.columns
        progress(Progress(LOOKING, done, 0))
        done += len(values)
        for value in values:
            masker.cell(_WHOLE if whole else column, value)
    for wanted in masking.columns:
        known(columns, wanted, name)
    return found


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
