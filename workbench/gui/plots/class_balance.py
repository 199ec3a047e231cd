"""How many samples each class has, split by split."""

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.legend import Entry, Legend
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.plots.ticks import nice_ticks
from workbench.gui.theme import sized, tabular
from workbench.gui.tokens import Space


class StackedBars(QWidget):
    """One bar a class, its parts the splits; pointed(class or -1) follows the mouse and the arrow keys."""

    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._classes: list[str] = []
        self._parts: list[list[int]] = []
        self._shown: list[bool] = []
        self._pointed = -1
        self.installEventFilter(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)

    def set_parts(self, classes: Sequence[str], parts: Sequence[Sequence[int]], shown: Sequence[bool]) -> None:
        """Show the counts parts[split][class] of the splits that are `shown`."""
        self._classes, self._parts, self._shown = list(classes), [list(part) for part in parts], list(shown)
        self.point(-1)
        self.update()

    def point(self, index: int) -> None:
        """Point at a class, or at none (-1)."""
        if index != self._pointed:
            self._pointed = index
            self.pointed.emit(index)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 320)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point(self._class_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}.get(event.key())
        if step is None or not self._classes:
            super().keyPressEvent(event)
        else:
            self.point((self._pointed + step) % len(self._classes))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._class_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._classes[index] if index >= 0 else "", self)
            return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setFont(tabular(sized(self.font(), 12)))
        metrics = painter.fontMetrics()
        totals = self._totals()
        highest = max(totals, default=0)
        ticks = nice_ticks(0, max(1, highest), max(2, self.height() // 60))
        labels = [figures.count(tick) for tick in ticks]
        area = self._area(max(metrics.horizontalAdvance(label) for label in labels), metrics.height())
        top = max(ticks[-1], highest, 1)
        for tick, label in zip(ticks, labels, strict=True):
            y = area.bottom() - tick / top * area.height()
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
            painter.setPen(colors.color("muted"))
            place = QRectF(0, y - metrics.height() / 2, area.left() - 8, metrics.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)
        self._paint_bars(painter, area, top)
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_bars(self, painter: QPainter, area: QRectF, top: float) -> None:
        colors, metrics = theme.current(), painter.fontMetrics()
        slot = area.width() / max(1, len(self._classes))
        width = max(1.0, min(40.0, round(slot * 0.6)))
        widest = max((metrics.horizontalAdvance(name) for name in self._classes), default=1)
        every = max(1, -(-int(min(widest, 72) + 8) // max(1, int(slot))))
        for index, name in enumerate(self._classes):
            x, bottom = area.left() + slot * (index + 0.5), area.bottom()
            for split, part in enumerate(self._parts):
                if not self._shown[split] or not part[index]:
                    continue
                height = part[index] / top * area.height()
                color = QColor(colors.series(split))
                if self._pointed not in (-1, index):
                    color.setAlphaF(0.45)
                painter.fillRect(QRectF(x - width / 2, bottom - height, width, height), color)
                bottom -= height
            if index % every == 0:
                painter.setPen(colors.color("text" if index == self._pointed else "muted"))
                place = QRectF(x - slot * every / 2, area.bottom() + 6, slot * every, metrics.height())
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(max(slot * every - 2, 8)))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)

    def _totals(self) -> list[int]:
        shown = [part for part, is_shown in zip(self._parts, self._shown, strict=True) if is_shown]
        return [sum(part[index] for part in shown) for index in range(len(self._classes))]

    def _area(self, labels: int, line: int) -> QRectF:
        return QRectF(self.rect()).adjusted(labels + 12, line / 2 + 2, -4, -(line + 10))

    def _class_at(self, point: QPointF) -> int:
        metrics = self.fontMetrics()
        area = self._area(metrics.horizontalAdvance(figures.count(max(self._totals(), default=1))), metrics.height())
        if not self._classes or not area.left() <= point.x() < area.right():
            return -1
        return min(len(self._classes) - 1, int((point.x() - area.left()) / area.width() * len(self._classes)))


class ClassBalance(SavedPlot):
    """The counts of every class, stacked by split, with a legend that shows totals or those of the pointed class."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title or tr("Class balance"))
        self._classes: list[str] = []
        self._counts: dict[str, list[int]] = {}
        self.header = Header(title or tr("Class balance"))
        self.header.export_wanted.connect(self.export)
        self.legend = Legend()
        self.legend.shown_changed.connect(self._refresh)
        self.bars = StackedBars()
        self.bars.setAccessibleName(self.accessibleName())
        self.bars.pointed.connect(self._show_values)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self.header)
        layout.addWidget(self.legend)
        layout.addWidget(self.bars, 1)
        theme.current().changed.connect(self._refresh)

    def set_counts(self, classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> None:
        """Show counts by split title, each with one number a class; raises ValueError where they do not match."""
        if any(len(part) != len(classes) for part in counts.values()):
            raise ValueError("every split needs one count for each class")
        self._classes = list(classes)
        self._counts = {split: [int(value) for value in part] for split, part in counts.items()}
        self._refresh()

    def lines(self) -> Iterator[str]:
        """Yield one line a class with its count in every split."""
        yield ",".join(["class", *(quoted(split) for split in self._counts)])
        for index, name in enumerate(self._classes):
            yield ",".join([quoted(name), *(str(part[index]) for part in self._counts.values())])

    def _refresh(self) -> None:
        entries = [Entry(split, split, theme.current().series(number)) for number, split in enumerate(self._counts)]
        self.legend.set_entries(entries)
        shown = [self.legend.shown(split) for split in self._counts]
        self.bars.set_parts(self._classes, list(self._counts.values()), shown)
        self._show_values(-1)

    def _show_values(self, index: int) -> None:
        words = []
        for split, part in self._counts.items():
            value = figures.count(sum(part) if index < 0 else part[index])
            self.legend.show_value(split, value)
            words.append(f"{split} {value}")
        name = [] if index < 0 else [self._classes[index]]
        self.bars.setAccessibleDescription(", ".join([*name, *words]))
