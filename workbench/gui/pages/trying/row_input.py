"""A row of a table for a model: a form made from its columns, or a table whose rows are all predicted."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import primary_button
from workbench.gui.widgets.chips import Chip
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.scroll import scrolled

_PAUSE = 350  # milliseconds without a change before a row is predicted


class RowInput(Input):
    """A field for every column; an empty one is not known, and the model takes what is usual."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.line = tr("Fill in what is known, or drop a table anywhere on this page.")
        self.error_hint = tr("Numbers are written like 3.5.")
        self.many_hint = tr("Drop a CSV, TSV or Parquet file: every row is predicted.")
        self.fields: dict[str, QLineEdit | Combo] = {}
        self._columns: list[Mapping[str, Any]] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._tell)
        clear = Chip(tr("Clear"))
        clear.setToolTip(tr("Empties all fields."))
        clear.clicked.connect(lambda: self._fill({}))
        self.chips = (clear,)
        self.act = primary_button(tr("Predict"))
        self.act.setObjectName("try.predict")
        self.act.setAccessibleName(tr("Predict"))
        self.act.clicked.connect(self._tell)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._area: QWidget | None = None

    def begin(self) -> None:
        self.headed.emit(tr("Row"), "")
        self.occupied.emit(True)

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        columns = list(description.get("preprocessing", {}).get("columns", ()))
        if columns == self._columns:
            return
        self._columns = columns
        self.fields = {}
        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(0, 0, Space.medium, 0)
        grid.setHorizontalSpacing(Space.gap)
        grid.setVerticalSpacing(Space.small)
        for place, column in enumerate(columns):
            name = str(column["name"])
            title = look(QLabel(name), "caption")
            title.setToolTip(name)
            field = self.fields[name] = self._field(column)
            title.setBuddy(field)
            row, side = divmod(place, 2)
            grid.addWidget(title, 2 * row, side)
            grid.addWidget(field, 2 * row + 1, side)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(2 * len(columns), 1)
        if self._area is not None:
            self._layout.removeWidget(self._area)
            self._area.hide()
            self._area.deleteLater()
        self._area = scrolled(form)
        self._layout.addWidget(self._area)

    def file_kinds(self) -> str:
        return tr("Tables ({endings})", endings="*.csv *.tsv *.jsonl *.parquet")

    def take_text(self, text: str) -> None:
        self.refused.emit(tr("This model reads rows of a table, not texts."))

    def take_image(self, image: QImage) -> None:
        self.refused.emit(tr("This model reads rows of a table, not images."))

    def show_given(self, given: Mapping[str, Any], name: str) -> None:
        self.headed.emit(tr("Row"), name)
        if "row" in given:
            self._fill(given["row"], tell=False)

    def row(self) -> dict[str, Any]:
        """Return what is filled in, by column."""
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            value = field.text().strip() if isinstance(field, QLineEdit) else field.currentData()
            if value not in ("", None):
                found[name] = value
        return found

    def _field(self, column: Mapping[str, Any]) -> QLineEdit | Combo:
        name = str(column["name"])
        if column["kind"] == "numeric":
            field = QLineEdit()
            offset = float(column["offset"])
            field.setPlaceholderText(_usual(float(column["fill"]) + offset, bool(column["whole"])))
            low, high = (figures.number(float(column[end]) + offset, 4) for end in ("minimum", "maximum"))
            field.setToolTip(tr("In training from {low} to {high}.", low=low, high=high))
            field.textEdited.connect(lambda _: self._pause.start())
        else:
            field = Combo()
            field.addItem(tr("not known"), None)
            for category in column["categories"]:
                field.addItem(str(category), str(category))
            field.activated.connect(lambda _: self._pause.start())
        field.setAccessibleName(name)
        field.setObjectName(f"try.row.{name}")
        return field

    def _fill(self, row: Mapping[str, Any], *, tell: bool = True) -> None:
        for name, field in self.fields.items():
            value = row.get(name)
            if isinstance(field, QLineEdit):
                field.setText("" if value is None else str(value))
            else:
                field.setCurrentIndex(max(0, field.findData(None if value is None else str(value))))
        if tell:
            self._pause.stop()
            self.emptied.emit()

    def _tell(self) -> None:
        self._pause.stop()
        self.given.emit({"row": self.row()}, tr("Row"))


def _usual(value: float, whole: bool) -> str:
    return str(round(value)) if whole else f"{value:.4g}"
