"""Tables: rows of named values, sorted by what they are and shown as a person reads them, saved as CSV."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from workbench.core.errors import UserError
from workbench.gui.theme import look, tabular

Index = QModelIndex | QPersistentModelIndex
RAW = Qt.ItemDataRole.UserRole  # the value itself, for sorting and CSV


@dataclass(frozen=True)
class Column:
    """One column: where its value stands in a row and how it is shown; numbers are aligned to the right when asked.

    words: where the row has its value in words already, in place of `show`.
    """

    key: str
    title: str
    show: Callable[[Any], str] = str
    right: bool = False
    tip: str = ""
    words: str = ""


class RowsModel(QAbstractTableModel):
    """A table of rows, each a mapping from the columns' keys to values; a missing value is shown as a dash."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self._rows = list(rows)

    def rows(self) -> list[Mapping[str, Any]]:
        """Return the rows in the order in which they were given."""
        return list(self._rows)

    def row(self, number: int) -> Mapping[str, Any]:
        """Return one row."""
        return self._rows[number]

    def value(self, index: Index) -> Any:
        """Return the value in a cell, None where it is missing."""
        return self._rows[index.row()].get(self.columns[index.column()].key)

    def set_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show `rows` in place of those before."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, row = self.columns[index.column()], self._rows[index.row()]
        value = row.get(column.key)
        if role == Qt.ItemDataRole.DisplayRole:
            return "–" if value is None else row[column.words] if column.words else column.show(value)
        if role == RAW:
            return value
        if role == Qt.ItemDataRole.ToolTipRole:
            return None if value is None else row[column.words] if column.words else column.show(value)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class SortedRows(QSortFilterProxyModel):
    """Sorts by the values, not by how they are shown; missing values and NaN come last, whichever way it sorts.

    keep: which rows are shown, set through `set_filter`.
    """

    def __init__(self, model: RowsModel) -> None:
        super().__init__()
        self._model = model
        self.setSourceModel(model)
        self._keep: Callable[[Mapping[str, Any]], bool] | None = None

    def set_filter(self, keep: Callable[[Mapping[str, Any]], bool] | None) -> None:
        """Show only the rows for which `keep` is true."""
        self._keep = keep
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._keep is None or bool(self._keep(self._model.row(source_row)))

    def lessThan(self, left: Index, right: Index) -> bool:
        first, second = _sort_key(self._model.value(left)), _sort_key(self._model.value(right))
        if first[0] == 2 or second[0] == 2:  # missing: the last in both directions
            ascending = self.sortOrder() == Qt.SortOrder.AscendingOrder
            return first[0] < second[0] if ascending else first[0] > second[0]
        return first < second


class Table(QTableView):
    """A quiet table: lines of 30 px, no grid, tabular digits, sorted by a click on a heading."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "bare")
        self._model = RowsModel(())
        self._sorted = SortedRows(self._model)
        self.setFont(tabular(self.font()))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(30)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)

    def set_model(self, model: RowsModel, sortable: bool = True) -> None:
        """Show `model`; sorting leaves the model as it is."""
        self._model, self._sorted = model, SortedRows(model)
        self._sorted.setParent(self)
        self.setModel(self._sorted)
        self.setSortingEnabled(sortable)
        self.horizontalHeader().setSectionsClickable(sortable)
        if sortable:
            self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def set_filter(self, keep: Callable[[Mapping[str, Any]], bool] | None) -> None:
        """Show only the rows for which `keep` is true."""
        self._sorted.set_filter(keep)

    def selected_rows(self) -> list[Mapping[str, Any]]:
        """Return the rows that are selected, in the order in which they are shown."""
        selection = self.selectionModel()
        indexes = sorted(selection.selectedRows(), key=lambda index: index.row()) if selection else []
        return [self.row_at(index.row()) for index in indexes]

    def row_at(self, line: int) -> Mapping[str, Any]:
        """Return the row that is shown on `line`."""
        return self._model.row(self._sorted.mapToSource(self._sorted.index(line, 0)).row())

    def save_csv(self, path: str | Path) -> None:
        """Write what is shown, in its order, with the values in full; raises UserError when it cannot be written."""
        try:
            Path(path).write_text(csv_text(self.model()), encoding="utf-8-sig", newline="")
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                "{path} could not be written: {reason}.", hint="Choose another place.", path=path, reason=reason
            ) from error


def csv_text(model: QAbstractItemModel) -> str:
    """Return `model` as CSV with a line of headings; values that have one are written in full."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    columns = range(model.columnCount())
    writer.writerow([model.headerData(column, Qt.Orientation.Horizontal) for column in columns])
    for row in range(model.rowCount()):
        writer.writerow([_csv_value(model.index(row, column)) for column in columns])
    return lines.getvalue()


def _csv_value(index: QModelIndex) -> Any:
    value = index.data(RAW)
    if value is None or isinstance(value, bool | list | tuple | dict):
        shown = index.data()
        value = "" if value is None and shown == "–" else shown
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value  # a spreadsheet would run it as a formula
    return value


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return 2, 0
    if isinstance(value, bool | int | float):
        return 0, value
    return 1, str(value).casefold()
