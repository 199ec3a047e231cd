"""How long the texts are, in words or in characters, and how many of them are cut off at a length."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.header import Header
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.plots.ticks import nice_ticks
from workbench.gui.theme import look, sized, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.chips import MenuChip

_BARS = 48
_IN_VIEW = 0.98  # share of the texts that the axis reaches; longer ones count to the last bar
_COVERED, _SHORTEST, _LONGEST = 0.95, 8, {"word": 400, "character": 1000}  # what an automatic length takes


class LengthBars(QWidget):
    """Bars over the lengths, those beyond the pointed or the usual length paler; pointed(length or -1) follows."""

    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._bars: list[int] = []
        self._step, self._cut, self._pointed = 1, 0, -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 72)

    def set_bars(self, bars: Sequence[int], step: int, cut: int) -> None:
        """Show how many texts there are in each stretch of so many lengths; cut: where they are usually cut off."""
        self._bars, self._step, self._cut = list(bars), step, cut
        self._pointed = -1
        self.update()

    def point(self, length: int) -> None:
        """Point at a length, or at none (-1)."""
        if length != self._pointed:
            self._pointed = length
            self.pointed.emit(length)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 96)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        share = (event.position().x() - area.left()) / max(1.0, area.width())
        self.point(max(1, round(share * self._reach())) if self._bars and 0 <= share <= 1 else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}.get(event.key())
        if event.key() == Qt.Key.Key_Escape:
            self.point(-1)
        elif step is None or not self._bars:
            super().keyPressEvent(event)
        else:
            here = self._cut if self._pointed < 0 else self._pointed
            self.point(min(self._reach(), max(1, here + step * self._step)))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setFont(tabular(sized(self.font(), 12)))
        metrics, area = painter.fontMetrics(), self._area()
        if not self._bars:
            return
        top, width = max(1, *self._bars), area.width() / len(self._bars)
        cut = self._cut if self._pointed < 0 else self._pointed
        for place, count in enumerate(self._bars):
            color = QColor(colors.series(0))
            if place * self._step > cut:
                color.setAlphaF(0.35)
            height = count / top * area.height()
            bar = QRectF(area.left() + place * width, area.bottom() - height, max(1.0, width - 1), height)
            painter.fillRect(bar, color)
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
        painter.setPen(colors.color("muted"))
        for tick in nice_ticks(0, self._reach(), max(2, int(area.width() // 80))):
            x = area.left() + tick / self._reach() * area.width()
            label = figures.count(int(tick))
            if tick <= self._reach() and tick == int(tick):
                half = metrics.horizontalAdvance(label) / 2
                x = min(max(x, area.left() + half), area.right() - half)
                place = QRectF(x - half - 2, area.bottom() + 4, 2 * half + 4, metrics.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, label)
        x = area.left() + min(cut + 1, self._reach()) / self._reach() * area.width()
        painter.setPen(QPen(colors.color("text"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, 0), QPointF(x, area.bottom()))
        if self.hasFocus():
            painter.setPen(colors.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _reach(self) -> int:
        return max(1, len(self._bars) * self._step)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(2, 4, -2, -(self.fontMetrics().height() + 6))


class LengthHistogram(SavedPlot):
    """The lengths of texts as bars, a choice of what is counted, and a sentence about what is cut off."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lengths: dict[str, Mapping[str, Sequence[int]]] = {}
        self.header = Header(title or tr("Length of the texts"))
        self.header.export_wanted.connect(self.export)
        self.unit = MenuChip({"word": tr("Words"), "character": tr("Characters")}, "word", tip=tr("What is counted"))
        self.unit.setObjectName("data.length_unit")
        self.unit.chosen.connect(lambda _: self._refresh())
        self.header.add_action(self.unit)
        self.bars = LengthBars()
        self.bars.pointed.connect(self._say)
        self.sentence = look(QLabel(), "muted")
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        for widget in (self.header, self.sentence):
            layout.addWidget(widget)
        layout.addWidget(self.bars, 1)
        self.setAccessibleName(title or tr("Length of the texts"))
        self.bars.setAccessibleName(self.accessibleName())
        theme.current().changed.connect(self.bars.update)

    def set_lengths(self, lengths: Mapping[str, Any]) -> None:
        """Show {"word": {"lengths", "counts"}, "character": {…}}: the different lengths, rising, and how often each."""
        self._lengths = dict(lengths)
        self._refresh()

    def automatic(self) -> int:
        """Return the length that an automatic one would be: what nearly all texts need."""
        unit = str(self.unit.value())
        return min(max(self._quantile(unit, _COVERED), _SHORTEST), _LONGEST[unit])

    def cut_off(self, length: int) -> float:
        """Return which share of the texts is longer than `length`."""
        unit = str(self.unit.value())
        return self._longer(unit, length) / max(1, self._longer(unit, -1))

    def lines(self) -> Iterator[str]:
        """Yield one line for each length with its number of texts."""
        yield f"{self.unit.value()}s,texts"
        found = self._lengths.get(str(self.unit.value()), {})
        for length, count in zip(found.get("lengths", ()), found.get("counts", ()), strict=True):
            yield f"{length},{count}"

    def _refresh(self) -> None:
        unit = str(self.unit.value())
        found = self._lengths.get(unit, {})
        cut = self.automatic()
        reach = max(self._quantile(unit, _IN_VIEW), cut, 1)
        step = max(1, math.ceil((reach + 1) / _BARS))
        bars = [0] * math.ceil((reach + 1) / step)
        for length, count in zip(found.get("lengths", ()), found.get("counts", ()), strict=True):
            bars[min(length // step, len(bars) - 1)] += count
        self.bars.set_bars(bars, step, cut)
        self._say(-1)

    def _say(self, pointed: int) -> None:
        length = self.automatic() if pointed < 0 else pointed
        values = {"length": figures.count(length), "share": figures.percent(self.cut_off(length))}
        words = self.unit.value() == "word"
        if pointed < 0 and words:
            text = tr("An automatic length reads {length} words: {share} of the texts are longer.", **values)
        elif pointed < 0:
            text = tr("An automatic length reads {length} characters: {share} of the texts are longer.", **values)
        elif words:
            text = tr("At {length} words, {share} of the texts are cut off.", **values)
        else:
            text = tr("At {length} characters, {share} of the texts are cut off.", **values)
        self.sentence.setText(text)
        self.bars.setAccessibleDescription(text)

    def _longer(self, unit: str, length: int) -> int:
        found = self._lengths.get(unit, {})
        pairs = zip(found.get("lengths", ()), found.get("counts", ()), strict=True)
        return sum(count for other, count in pairs if other > length)

    def _quantile(self, unit: str, share: float) -> int:
        found, seen, total = self._lengths.get(unit, {}), 0, self._longer(unit, -1)
        for length, count in zip(found.get("lengths", ()), found.get("counts", ()), strict=True):
            seen += count
            if seen >= share * total:
                return int(length)
        return 0
