"""What the columns of a table are: numbers, categories, or something that cannot be learnt from, and why."""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import polars

from workbench.core.words import Words, to_plain
from workbench.data.table_values import as_numbers, as_texts, plain

ColumnKind = Literal["numeric", "categorical", "left_out"]

MOST_CATEGORIES = 1000  # a column of texts with more different ones is not one of categories
_TRACKED = 50_000  # different values that are counted
_TRACKED_LETTERS = 20_000_000
_LONG = 60  # letters of a text that is not a name, on average
_FEW = 20  # different values that are never too many
_NUMBERS = 0.9  # share of the cells from which on a column of texts is one of numbers
_CLASSES = 20  # different whole numbers that may still be classes
_ID = re.compile(r"(?i)(.*[_ ])?(id|uuid|guid|index|idx|key|no|nr|rowid|row|编号|序号|unnamed.*)")
_ID_CAMEL = re.compile(r".*[a-z]Id")


@dataclass
class Column:
    """What was seen in one column so far; `see` adds to it.

    counts: how often each value stands there, as text, as long as there are not too many: then `many` is true.
    total, least, most: of its numbers. runs: whether each number is one more than that before it.
    """

    name: str
    rows: int = 0
    present: int = 0
    numbers: int = 0
    whole: bool = True
    typed: bool = False
    runs: bool = True
    many: bool = False
    letters: int = 0
    spaces: int = 0
    total: float = 0.0
    squares: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")
    last: float | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def see(self, cells: polars.Series, *, decimal_comma: bool = False) -> None:
        """Take in some cells, in order."""
        cells = plain(cells)
        there = cells.drop_nulls()
        self.rows += len(cells)
        self.present += len(there)
        if there.is_empty():
            self.runs = self.runs and cells.is_empty()
            return
        self._see_numbers(there, as_numbers(there, decimal_comma=decimal_comma).drop_nulls(), len(cells))
        if there.dtype == polars.String:
            self.letters += int(there.str.len_chars().sum())
            self.spaces += int(there.str.contains(" ", literal=True).sum())
        if not self.many:
            self._count(there)

    def _see_numbers(self, there: polars.Series, numbers: polars.Series, cells: int) -> None:
        self.typed = self.typed or there.dtype == polars.Float64
        self.numbers += len(numbers)
        if numbers.is_empty():
            return
        values = numbers.to_numpy()
        self.whole = self.whole and bool((values % 1 == 0).all())
        if self.runs:
            before = self.last if self.last is not None else values[0] - 1
            self.runs = len(values) == cells and values[0] == before + 1 and bool((values[1:] == values[:-1] + 1).all())
            self.last = float(values[-1])
        self.total += float(values.sum())
        self.squares += float((values * values).sum())
        self.least, self.most = min(self.least, float(values.min())), max(self.most, float(values.max()))

    def _count(self, there: polars.Series) -> None:
        if there.dtype == polars.Float64 and not self.whole and there.n_unique() > MOST_CATEGORIES:
            self._give_up()
            return
        found = there.value_counts(name="count of it")
        names = as_texts(found.to_series(0)).to_list()
        for name, count in zip(names, found.to_series(1).to_list(), strict=True):
            self.counts[name] += count
        if len(self.counts) > _TRACKED or sum(map(len, self.counts)) > _TRACKED_LETTERS:
            self._give_up()

    def _give_up(self) -> None:
        self.many = True
        self.counts.clear()

    @property
    def distinct(self) -> int:
        """How many different values there are; more than are counted is told as one more than that."""
        return _TRACKED + 1 if self.many else len(self.counts)

    @property
    def numeric(self) -> bool:
        """Whether nearly all of its cells are numbers."""
        return self.present > 0 and self.numbers >= _NUMBERS * self.present

    @property
    def mean(self) -> float:
        """The mean of its numbers."""
        return self.total / max(self.numbers, 1)

    @property
    def deviation(self) -> float:
        """The standard deviation of its numbers."""
        return max(self.squares / max(self.numbers, 1) - self.mean**2, 0.0) ** 0.5

    def free_text(self) -> bool:
        """Return whether it holds sentences rather than names or numbers."""
        if self.numeric or self.present == 0:
            return False
        lengthy = self.letters / self.present
        wordy = self.spaces > self.present / 2
        return self.distinct > _FEW and (
            lengthy > _LONG or (wordy and lengthy > 20 and self.distinct > self.present / 2)
        )

    def classes_by_nature(self) -> bool:
        """Return whether, as a target, it tells classes apart: texts, or few different whole numbers."""
        if not self.numeric:
            return True
        return self.whole and not self.many and self.distinct <= min(_CLASSES, max(2, self.present // 5))


def judged(column: Column, wanted: str = "") -> tuple[ColumnKind, Words | None]:
    """Return the kind of a column, and why it is left out if it is.

    wanted: "numeric" or "categorical" where a person said so, "used" where one said that it is to be used.
    """
    if column.present == 0:
        return "left_out", Words("It is empty.")
    if column.distinct == 1:
        return "left_out", Words("It has the same value in every row.")
    if wanted == "numeric" and not column.numbers:
        return "left_out", Words("It holds no numbers.")
    if wanted == "categorical" and column.distinct > _TRACKED:
        return "left_out", Words("It has too many different values for categories.")
    if wanted in ("numeric", "categorical"):
        return wanted, None  # pyright: ignore[reportReturnType]
    if reason := _identifies(column) if not wanted else None:
        return "left_out", reason
    if column.numeric:
        return "numeric", None
    if column.free_text():
        return "left_out", Words("It holds free text.")
    if column.distinct > MOST_CATEGORIES or (column.distinct > _FEW and column.distinct > column.present / 2):
        values = {"count": f"{column.distinct:,}" if not column.many else f"> {_TRACKED:,}"}
        return "left_out", Words("It has {count} different values, too many for categories.", values)
    return "categorical", None


def _identifies(column: Column) -> Words | None:
    """Return why a column only names its rows, or None."""
    different = not column.many and column.distinct == column.present
    named = bool(_ID.fullmatch(column.name.strip()) or _ID_CAMEL.fullmatch(column.name.strip()))
    if column.numeric:
        if column.whole and column.present >= _FEW and column.runs:
            return Words("It only counts the rows.")
        many = column.many or different
        return Words("It names the rows, as an id does.") if column.whole and named and many else None
    if column.present >= _FEW and different and not column.free_text():
        return Words("It names the rows, as an id does.")
    return None


@dataclass(frozen=True)
class Described:
    """A column as the cache, the preprocessing and the window know it.

    categories: the names that codes stand for. offset: what is taken from its numbers before they become float32, so
    that numbers far from zero keep their differences. present, missing: cells with and without a value.
    """

    name: str
    kind: ColumnKind
    present: int
    missing: int
    distinct: int
    mean: float
    std: float
    minimum: float
    maximum: float
    whole: bool
    categories: tuple[str, ...] = ()
    offset: float = 0.0
    reason: Words | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON."""
        found = {**asdict(self), "categories": list(self.categories)}
        return {**found, "reason": to_plain(self.reason) if self.reason else None}


def described(column: Column, wanted: str = "") -> Described:
    """Return what is known of a column that has been seen to its end; wanted: as `judged` takes it."""
    kind, reason = judged(column, wanted)
    categories: tuple[str, ...] = ()
    if kind == "categorical":
        ranked = sorted(column.counts, key=lambda name: (-column.counts[name], name))
        categories = tuple(ranked[:MOST_CATEGORIES])
    some = column.numbers > 0
    far = kind == "numeric" and abs(column.mean) > 1e4 * max(column.deviation, 1e-30)
    return Described(
        name=column.name,
        kind=kind,
        present=column.present,
        missing=column.rows - column.present,
        distinct=column.distinct,
        mean=column.mean if some else 0.0,
        std=column.deviation if some else 0.0,
        minimum=column.least if some else 0.0,
        maximum=column.most if some else 0.0,
        whole=column.whole and some,
        categories=categories,
        offset=float(round((column.least + column.most) / 2)) if far else 0.0,
        reason=reason,
    )
