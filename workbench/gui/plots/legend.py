"""The legend of a plot: a line above it with the current values, or those under the crosshair."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from workbench.core.words import tr
from workbench.gui import theme
from workbench.gui.theme import tabular
from workbench.gui.widgets.flow import FlowLayout

_ENOUGH = 0.75  # of its place that an entry needs to keep it


@dataclass(frozen=True)
class Entry:
    """One series: its name, what stands for it, its colour and how its line is drawn."""

    name: str
    title: str
    color: QColor
    style: Qt.PenStyle = Qt.PenStyle.SolidLine


class LegendEntry(QAbstractButton):
    """A dot (a short line where lines differ by style), a name and a value in bold; a click hides the series."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self._value = ""
        self._width = 0
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("Show or hide {series}", series=entry.title))
        self.setFont(tabular(self.font()))
        self.show_value("")

    def show_value(self, value: str) -> None:
        """Show `value` in bold behind the name."""
        if value == self._value and self.text():
            return
        as_long, self._value = len(value) == len(self._value), value  # digits are of one width
        self.setText(f"{self.entry.title} {value}".strip())
        self.setAccessibleName(self.text())
        width = self._width if as_long and self._width else self._needed()
        if (
            not _ENOUGH * self._width <= width <= self._width
        ):  # the line would tremble, and be laid out ten times a second
            self._width = width
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._width, 20)

    def _needed(self) -> int:
        words = self.fontMetrics().horizontalAdvance(f"{self.entry.title} ")
        bold = self.font()
        bold.setWeight(bold.Weight.DemiBold)
        value = self.fontMetrics().horizontalAdvance(self._value) * 1.08 + 2
        return round(16 + words + value + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        color = self.entry.color if self.isChecked() else colors.color("line")
        if self.entry.style in (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QRectF(1, middle - 5, 10, 10))
        else:
            painter.setPen(QPen(color, 2.5, self.entry.style))
            painter.drawLine(QPointF(0, middle), QPointF(12, middle))
        painter.setPen(colors.color("text" if self.isChecked() else "muted"))
        rect = self.rect().adjusted(16, 0, 0, 0)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, self.entry.title)
        rect.adjust(painter.fontMetrics().horizontalAdvance(f"{self.entry.title} "), 0, 0, 0)
        bold = self.font()
        bold.setWeight(bold.Weight.DemiBold)
        painter.setFont(bold)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, self._value)
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Legend(QWidget):
    """All entries on one line, or more where they do not fit; shown_changed(name, shown) when one is clicked."""

    shown_changed = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, LegendEntry] = {}
        self._layout = FlowLayout(self, horizontal=14, vertical=2)
        self.setMinimumHeight(20)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_entries(self, entries: list[Entry]) -> None:
        """Show `entries`; those that stay keep their value."""
        if [entry.entry for entry in self._entries.values()] == entries:
            return
        hidden = {name for name, button in self._entries.items() if not button.isChecked()}
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._entries = {}
        for entry in entries:
            button = LegendEntry(entry)
            button.setChecked(entry.name not in hidden)
            button.toggled.connect(lambda shown, name=entry.name: self.shown_changed.emit(name, shown))
            self._entries[entry.name] = button
            self._layout.addWidget(button)

    def show_value(self, name: str, value: str) -> None:
        """Show `value` behind the entry `name`."""
        if name in self._entries:
            self._entries[name].show_value(value)

    def shown(self, name: str) -> bool:
        """Return whether the series is to be drawn."""
        return name not in self._entries or self._entries[name].isChecked()

    def text(self) -> str:
        """Return the whole line."""
        return "   ".join(entry.text() for entry in self._entries.values())
