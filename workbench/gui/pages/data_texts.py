"""The texts of an opened table, a page of rows at a time."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QLabel, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.theme import look
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.table import Column, RowsModel, Table

_ROWS = 200  # on one page


class TextRows(QWidget):
    """A table of texts with their labels; further pages are asked of the engine when they are wanted."""

    failed = Signal(object)  # UserError

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._classes: tuple[list[str], list[str]] = ([], [])  # as found, as named now
        self._split = "training"
        self._start = 0
        self._rows = Latest(engine, "data.rows", 0, self)
        self._rows.answered.connect(self._show)
        self._rows.failed.connect(self._fail)
        self.table = Table()
        self.table.setObjectName("data.rows")
        self.table.setAccessibleName(tr("Texts"))
        self.model = RowsModel([Column("text", tr("Text")), Column("label", tr("Label")), Column("name", tr("Row"))])
        self.table.set_model(self.model, sortable=False)
        header = self.table.horizontalHeader()
        for column, width in ((1, 120), (2, 130)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._make_pager())

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        """Show these data; `show_split` brings the rows."""
        self._data = data
        self._counts = {name: int(split["count"]) for name, split in summary["splits"].items()}
        self._classes = (list(summary["classes"]), list(summary["classes"]))
        self._split = ""
        self.model.set_rows([])
        for widget in (self._back, self._on):
            widget.hide()

    def set_classes(self, classes: list[str]) -> None:
        """Show other names for the classes."""
        self._classes = (self._classes[0], list(classes))
        renamed = dict(zip(*self._classes, strict=False))
        rows = self.model.rows()
        self.model.set_rows([{**row, "label": renamed.get(row["found"], row["found"])} for row in rows])

    def show_split(self, split: str) -> None:
        """Show the first rows of a split."""
        self._split, self._start = split, 0
        self._ask()

    def _make_pager(self) -> QHBoxLayout:
        self._place = look(QLabel(), "muted")
        self._back = icon_button("caret-left", tr("Earlier rows"))
        self._on = icon_button("caret-right", tr("Later rows"))
        self._back.clicked.connect(lambda: self._turn(-_ROWS))
        self._on.clicked.connect(lambda: self._turn(_ROWS))
        line = QHBoxLayout()
        line.addWidget(self._place, 1)
        line.addWidget(self._back)
        line.addWidget(self._on)
        return line

    def _turn(self, rows: int) -> None:
        self._start = max(0, self._start + rows)
        self._ask()

    def _ask(self) -> None:
        self._place.setText(tr("Reading the texts…"))
        self._rows.ask({"data": self._data, "split": self._split, "start": self._start, "count": _ROWS})

    def _show(self, answer: dict[str, Any], _: object) -> None:
        renamed = dict(zip(*self._classes, strict=False))
        self.model.set_rows(
            [{**row, "found": row["label"], "label": renamed.get(row["label"], row["label"])} for row in answer["rows"]]
        )
        total, end = self._counts.get(self._split, 0), self._start + len(answer["rows"])
        first = self._start + 1 if answer["rows"] else 0
        shown = {"first": figures.count(first), "last": figures.count(end), "total": figures.count(total)}
        self._place.setText(tr("{first} to {last} of {total}", **shown))
        self._back.setEnabled(self._start > 0)
        self._on.setEnabled(end < total)
        for widget in (self._back, self._on):
            widget.setVisible(total > _ROWS)
        self.table.scrollToTop()

    def _fail(self, error: UserError, _: object) -> None:
        self._place.setText("")
        self.failed.emit(error)
