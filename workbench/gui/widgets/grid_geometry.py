"""Where the cells of a scrolling grid stand."""

from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QPoint, QRect

GAP = 8


@dataclass(frozen=True)
class GridGeometry:
    """A grid of `count` square cells in a viewport of `width`×`height` that is scrolled down by `scroll` pixels."""

    count: int
    cell: int
    label: int
    width: int
    height: int
    scroll: int = 0

    @cached_property
    def columns(self) -> int:
        """How many cells stand side by side."""
        return max(1, (self.width + GAP) // (self.cell + GAP))

    @cached_property
    def line(self) -> int:
        """The height of a line with its gap."""
        return self.cell + GAP + self.label

    @cached_property
    def margin(self) -> int:
        """The room at the left of the first column."""
        return max(2, (self.width - self.columns * (self.cell + GAP) + GAP) // 2)

    @property
    def total(self) -> int:
        """The height of all lines."""
        return -(-self.count // self.columns) * self.line

    def visible(self) -> range:
        """Return the rows of which at least a part can be seen."""
        first, last = self.scroll // self.line, (self.scroll + self.height) // self.line + 1
        return range(first * self.columns, min(self.count, last * self.columns))

    def rect(self, row: int) -> QRect:
        """Return where a cell stands in the viewport."""
        line, column = divmod(row, self.columns)
        x = self.margin + column * (self.cell + GAP)
        return QRect(x, line * self.line - self.scroll + 2, self.cell, self.cell)

    def row_at(self, point: QPoint) -> int:
        """Return the row at a point of the viewport, -1 between and behind the cells."""
        column, within = divmod(point.x() - self.margin, self.cell + GAP)
        line, below = divmod(point.y() + self.scroll, self.line)
        row = line * self.columns + column
        inside = 0 <= column < self.columns and within < self.cell and below < self.line - GAP
        return row if inside and 0 <= row < self.count else -1
