"""The table of runs: state with a coloured dot, name to be edited in place, figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.pages.train_status import STATES
from workbench.gui.widgets.table import Column, RowsModel, Table

Index = QModelIndex | QPersistentModelIndex
_DOTS = {
    "running": "accent", "starting": "accent", "paused": "warning", "stopping": "warning", "finished": "good",
    "stopped": "good", "failed": "error", "interrupted": "warning", "not responding": "warning", "queued": "muted",
}  # fmt: skip
_NARROW = 800  # pixels
_WIDTHS = {"data": 108, "model": 108, "score": 108, "epoch": 66, "seconds": 96, "started": 104}
_BESIDE_STATE = 44  # the dot, and what lies around it and the words


class RunsModel(RowsModel):
    """Rows of runs that can be renamed; a refresh that changes few rows keeps selection and place."""

    def __init__(self) -> None:
        super().__init__(_columns())
        self.renamed: Any = None  # called with name and new title
        self._dots: dict[str, QIcon] = {}
        theme.current().changed.connect(self._dots.clear)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._dot(self.row(index.row())["state"])
        if role == Qt.ItemDataRole.EditRole:
            return self.row(index.row())["shown"]
        return super().data(index, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.columns[index.column()].key == "shown" else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.row(index.row())
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or title == row["shown"] or self.renamed is None:
            return False
        self.renamed(row["name"], title)
        return True

    def refresh(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Show `rows`; return whether the table had to be built anew, because runs came or went."""
        before = self.rows()
        if [row["name"] for row in before] != [row["name"] for row in rows]:
            self.set_rows(rows)
            return True
        for place, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                self.replace_row(place, new)
        return False

    def replace_row(self, place: int, row: Mapping[str, Any]) -> None:
        """Show `row` in place of the one at `place`."""
        self._rows[place] = row
        self.dataChanged.emit(self.index(place, 0), self.index(place, self.columnCount() - 1))

    def _dot(self, state: str) -> QIcon:
        if state not in self._dots:
            self._dots[state] = _dot(theme.current().color(_DOTS.get(state, "muted")))
        return self._dots[state]


class RunsTable(Table):
    """Every run on a line; renamed(name, title), chosen(names) when the selection changes, opened(name)."""

    renamed = Signal(str, str)
    chosen = Signal(object)
    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = RunsModel()
        self.runs.renamed = self.renamed.emit
        self.set_model(self.runs)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        # Not SelectedClicked: Qt would begin a moment after the click, in a row that may be gone by then, and complain.
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        states = max(self.fontMetrics().horizontalAdvance(tr(title)) for title in STATES.values())
        widths = {**_WIDTHS, "state": states + _BESIDE_STATE}
        for place, column in enumerate(self.runs.columns):
            if column.key in widths:
                self.setColumnWidth(place, widths[column.key])
            else:
                header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        started = next(place for place, column in enumerate(self.runs.columns) if column.key == "started")
        self.sortByColumn(started, Qt.SortOrder.DescendingOrder)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit(self.names()))
        self.doubleClicked.connect(self._open)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        duration = next(place for place, column in enumerate(self.runs.columns) if column.key == "seconds")
        self.setColumnHidden(duration, event.size().width() < _NARROW)  # the name needs the room more

    def set_runs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these runs; what was selected stays selected."""
        kept = self.names()
        selection = self.selectionModel()
        selection.blockSignals(True)
        rebuilt = self.runs.refresh(rows)
        if rebuilt and kept:
            self.choose(kept)
        selection.blockSignals(False)
        if rebuilt:
            self.viewport().update()
            if self.names() != kept:
                self.chosen.emit(self.names())

    def names(self) -> list[str]:
        """Return the names of the selected runs, in the order in which they are shown."""
        return [row["name"] for row in self.selected_rows()]

    def choose(self, names: Sequence[str]) -> None:
        """Select these runs alone."""
        wanted, selected, model = set(names), QItemSelection(), self.model()
        for line in range(model.rowCount()):
            if self.row_at(line)["name"] in wanted:
                selected.select(model.index(line, 0), model.index(line, model.columnCount() - 1))
        self.selectionModel().select(selected, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def rename(self, name: str) -> None:
        """Begin to edit the name of this run, unless it is not shown or some name is being edited."""
        place = next(place for place, column in enumerate(self.runs.columns) if column.key == "shown")
        model = self.model()
        line = next((line for line in range(model.rowCount()) if self.row_at(line)["name"] == name), None)
        if line is None or self.state() == QAbstractItemView.State.EditingState:
            return
        index = model.index(line, place)
        self.setCurrentIndex(index)
        self.edit(index, QAbstractItemView.EditTrigger.AllEditTriggers, QEvent(QEvent.Type.None_))  # or nothing

    def _open(self, index: QModelIndex) -> None:
        if self.runs.columns[index.column()].key != "shown":
            self.opened.emit(self.row_at(index.row())["name"])


def when(seconds: float) -> str:
    """Return when a run began: today's by the clock, older ones by their date."""
    if not seconds:
        return "–"
    then = datetime.fromtimestamp(seconds)
    return f"{then:%H:%M}" if then.date() == datetime.now().date() else f"{then:%Y-%m-%d}"


def _columns() -> list[Column]:
    return [
        Column("state", tr("State"), show=lambda state: tr(STATES.get(str(state), str(state)))),
        Column("shown", tr("Name"), tip=tr("F2 renames the run.")),
        Column("data", tr("Data")),
        Column("model", tr("Model")),
        Column("score", tr("Best validation"), words="scored", tip=tr("The metric that counts, of the best model.")),
        Column("epoch", tr("Epochs"), show=figures.count),
        Column("seconds", tr("Duration"), show=figures.duration),
        Column("started", tr("Started"), show=when),
    ]


def _dot(color: QColor) -> QIcon:
    icon = QIcon()
    for scale in (1, 2, 3):
        picture = QPixmap(12 * scale, 12 * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(1, 1, 9, 9)
        painter.end()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # the state's colour stays itself when it is selected
            icon.addPixmap(picture, mode)
    return icon
