"""The rows of a split as a table, a page at a time; further pages are asked of the engine when they are wanted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.theme import look
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.fitted_table import FittedTable
from workbench.gui.widgets.table import Column, RowsModel

_ROWS = 200  # on one page

Row = Mapping[str, Any]


class PagedRows(QWidget):
    """A table of what `data.rows` answers; worded(row) makes of a row what the columns show."""

    failed = Signal(object)  # UserError
    chosen = Signal(object)  # the row that was clicked

    def __init__(
        self,
        engine: Any,
        columns: Sequence[Column] = (),
        worded: Callable[[Row], Row] = lambda row: row,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.worded = worded
        self._data: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._split = "training"
        self._start = 0
        self._answered: list[Row] = []
        self._rows = Latest(engine, "data.rows", 0, self)
        self._rows.answered.connect(self._show)
        self._rows.failed.connect(self._fail)
        self.table = FittedTable()
        self.table.setObjectName("data.rows")
        self.table.setAccessibleName(tr("Samples"))
        self.table.clicked.connect(lambda index: self.chosen.emit(dict(self.table.row_at(index.row()))))
        self.set_columns(columns)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._make_pager())

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on."""
        self.model = RowsModel(list(columns))
        self.table.set_model(self.model, sortable=False)

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        """Show these data; `show_split` brings the rows."""
        self._data = data
        self._counts = {name: int(split["count"]) for name, split in summary["splits"].items()}
        self._split = ""
        self._answered = []
        self.model.set_rows([])
        for widget in (self._back, self._on):
            widget.hide()

    def word_again(self) -> None:
        """Show the same rows in the words that `worded` has for them now."""
        self.model.set_rows([self.worded(row) for row in self._answered])

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
        self._place.setText(tr("Reading the rows…"))
        self._rows.ask({"data": self._data, "split": self._split, "start": self._start, "count": _ROWS})

    def _show(self, answer: dict[str, Any], _: object) -> None:
        self._answered = list(answer["rows"])
        self.word_again()
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
