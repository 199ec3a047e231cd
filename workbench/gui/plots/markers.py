"""Vertical lines in a plot: the best value, where the run is, and the crosshair."""

from collections.abc import Mapping

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from workbench.gui import theme
from workbench.gui.plots.canvas import Canvas
from workbench.gui.theme import sized


class Markers:
    """The lines of one plot; `place` puts the text of the best value where it can be read."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._step = 0.0
        self._best, self._now, self._cross = (pyqtgraph.InfiniteLine(angle=90) for _ in range(3))
        self._text = pyqtgraph.TextItem(anchor=(0, 0.5))
        self._text.setFont(sized(theme.base_font(), 12))
        for item in (self._best, self._now, self._cross, self._text):
            item.setZValue(20)
            item.hide()
            canvas.add(item)
        self._notes: dict[float, pyqtgraph.InfiniteLine] = {}
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colors = theme.current()
        for line, token, style in (
            (self._best, "text", Qt.PenStyle.DotLine),
            (self._now, "text", Qt.PenStyle.DotLine),
            (self._cross, "muted", Qt.PenStyle.SolidLine),
        ):
            line.setPen(_pen(token, style))
        self._text.setColor(colors.color("muted"))
        for line in self._notes.values():
            line.setPen(_pen("warning", Qt.PenStyle.DashLine))

    def set_best(self, step: float | None, text: str) -> None:
        """Mark `step` with `text`, or nothing."""
        self._set(self._best, step)
        self._step = step or 0.0
        self._text.setText(text)
        self._text.setVisible(step is not None and bool(text))

    def best(self) -> tuple[float, str] | None:
        """Return the step and the text of the best value."""
        return (self._step, self._text.toPlainText()) if self._best.isVisible() else None

    def set_notes(self, notes: Mapping[float, str]) -> None:
        """Mark these steps, each with a text that shows under the mouse, in place of those before."""
        for line in self._notes.values():
            self._canvas.plot.removeItem(line)
        self._notes = {}
        for step, text in notes.items():
            line = self._notes[step] = pyqtgraph.InfiniteLine(pos=step, angle=90)
            line.setPen(_pen("warning", Qt.PenStyle.DashLine))
            line.setToolTip(text)
            line.setZValue(15)
            self._canvas.add(line)

    def notes(self) -> dict[float, str]:
        """Return the steps that are marked, with their texts."""
        return {step: line.toolTip() for step, line in self._notes.items()}

    def set_now(self, step: float | None) -> None:
        """Mark where the run is, or nothing."""
        self._set(self._now, step)

    def set_cross(self, step: float | None) -> None:
        """Show the crosshair at `step`, or none."""
        self._set(self._cross, step)

    def place(self) -> None:
        """Put the text beside its line, on the side where there is room."""
        if not self._text.isVisible():
            return
        (first, last), (low, high) = self._canvas.box.viewRange()
        left = self._step - first > (last - first) * 0.6
        self._text.setAnchor((1, 0.5) if left else (0, 0.5))
        self._text.setPos(self._step, low + (high - low) * 0.68)

    def _set(self, line: pyqtgraph.InfiniteLine, step: float | None) -> None:
        line.setVisible(step is not None)
        if step is not None:
            line.setValue(step)


def _pen(token: str, style: Qt.PenStyle) -> QPen:
    pen = QPen(theme.current().color(token), 1, style)
    pen.setCosmetic(True)
    return pen
