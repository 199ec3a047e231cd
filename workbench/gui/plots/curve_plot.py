"""The plot that every curve is shown in: legend with current values above, raw points under a smoothed line."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.words import mark, tr
from workbench.gui import figures, theme
from workbench.gui.plots.canvas import Canvas
from workbench.gui.plots.curve import Curve, Look
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.legend import Entry, Legend
from workbench.gui.plots.markers import Markers
from workbench.gui.plots.pyramid import Pyramid
from workbench.gui.plots.redraws import Redraws
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.theme import look
from workbench.gui.tokens import Space

STEP = mark("Step {step}")
EPOCH = mark("Epoch {step}")
_MOST_SMOOTHING = 0.99


class CurvePlot(SavedPlot):
    """Named series of (steps, values) that grow; one redraw a batch, however many points there are.

    title: heading of the plot. where: template of the crosshair's place. percent: values are shares of one. smoothing:
    weight at the start; None means that these curves are never smoothed. log: whether a logarithmic scale is offered.
    read: how the legend writes a value.
    """

    def __init__(
        self,
        title: str,
        where: str = STEP,
        percent: bool = False,
        smoothing: float | None = None,
        log: bool = True,
        read: Callable[[float], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self._where_template, self._percent = where, percent
        self._read = read or (figures.percent if percent else figures.number)
        self._weight = smoothing or 0.0
        self._log = self._own_steps = self._own_values = False
        self._pointed: float | None = None
        self._is_stale = False  # something has come while nobody saw the plot
        self._curves: dict[str, Curve] = {}
        self.header = Header(title, smoothing, log)
        self.legend = Legend()
        self.canvas = Canvas(percent)
        self.canvas.setAccessibleName(title)
        self.canvas.bottom_axis.whole = True  # steps or epochs
        self.markers = Markers(self.canvas)
        self._where = look(QLabel(), "muted")
        self._nothing = look(QLabel(tr("No points yet"), self.canvas), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._redraws = Redraws(self._flush_if_seen, self)
        self._lay_out()
        self.header.smoothing_chosen.connect(self.set_smoothing)
        self.header.log_chosen.connect(self.set_log)
        self.header.export_wanted.connect(self.export)
        self.canvas.pointed.connect(self._point)
        self.canvas.box.reset.connect(self.reset_zoom)
        self.canvas.box.zoomed.connect(self._zoom)
        self.legend.shown_changed.connect(self._show_curve)
        theme.current().changed.connect(self._restyle)

    def set_series(
        self,
        name: str,
        steps: Any,
        values: Any,
        title: str = "",
        color: int = 0,
        dashed: bool = False,
        points: bool = False,
        smooth: bool = True,
    ) -> None:
        """Show the series `name` with these points in place of any before; colours repeat with other line styles."""
        data = Pyramid()
        data.extend(np.asarray(steps), np.asarray(values))
        self.set_data(name, data, title, color, dashed, points, smooth)

    def set_data(
        self,
        name: str,
        data: Pyramid,
        title: str = "",
        color: int = 0,
        dashed: bool = False,
        points: bool = False,
        smooth: bool = True,
    ) -> None:
        """Show the series `name` with points that someone else keeps; see `redraw`."""
        style, known = Look(title or name, color, dashed, points, smooth), self._curves.get(name)
        if known is not None and known.look == style:
            known.data = data
            self.redraw()
            return
        self.remove(name)
        curve = self._curves[name] = Curve(style, data)
        curve.shown = self.legend.shown(name)
        curve.restyle()
        for item in curve.items:
            self.canvas.add(item)
        self.redraw()

    def append(self, name: str, steps: Any, values: Any) -> None:
        """Add points at the end of a series; raises KeyError for a series that was never set."""
        self._curves[name].data.extend(np.asarray(steps), np.asarray(values))
        self.redraw()

    def redraw(self) -> None:
        """Draw soon what has come, once however much it is."""
        self._redraws.ask()

    def remove(self, name: str) -> None:
        """Take a series away; one that is not there is fine."""
        curve = self._curves.pop(name, None)
        for item in curve.items if curve is not None else ():
            self.canvas.removeItem(item)
        self.redraw()

    def clear(self) -> None:
        """Take every series and mark away."""
        for name in list(self._curves):
            self.remove(name)
        self.set_best(None)
        self.set_now(None)
        self.set_notes({})
        self.reset_zoom()

    def names(self) -> list[str]:
        """Return the names of the series."""
        return list(self._curves)

    def points(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return steps and values of a series, as they came."""
        data = self._curves[name].data
        return data.steps, data.values

    def set_best(self, step: float | None, text: str = "") -> None:
        """Mark the best value with a dotted line and its figure; None takes it away."""
        if self.markers.best() != (None if step is None else (step, text)):
            self.markers.set_best(step, text)
            self.redraw()

    def set_notes(self, notes: Mapping[float, str]) -> None:
        """Mark these steps with lines that say under the mouse what happened there, in place of those before."""
        if notes != self.markers.notes():
            self.markers.set_notes(notes)
            self.redraw()

    def set_now(self, step: float | None) -> None:
        """Mark where the run is, with a dotted line; None takes it away."""
        self.markers.set_now(step)
        self.redraw()

    def set_percent(self, percent: bool) -> None:
        """Write values as shares of one, or as plain numbers."""
        self._percent = self.canvas.left_axis.percent = percent
        self._read = figures.percent if percent else figures.number
        self.redraw()

    def set_smoothing(self, weight: float) -> None:
        """Smooth with `weight` between 0 and 0.99."""
        self._weight = min(_MOST_SMOOTHING, max(0.0, float(weight)))
        self.header.show_smoothing(self._weight)
        self.redraw()

    def set_log(self, log: bool) -> None:
        """Show values on a logarithmic scale, or on a linear one."""
        self._log = self.canvas.left_axis.logarithmic = bool(log)
        self._own_values = False
        self.header.show_log(self._log)
        self.redraw()

    def reset_zoom(self) -> None:
        """Show everything again."""
        self._own_steps = self._own_values = False
        self.redraw()

    def flush(self) -> None:
        """Draw what has come since the last drawing; it happens by itself after every batch."""
        self._redraws.done()
        self._is_stale = False
        entries = [Entry(name, c.look.title, c.look.shade(), c.look.style()) for name, c in self._curves.items()]
        self.legend.set_entries(entries)
        empty = not any(len(curve.data) for curve in self._curves.values())
        self._nothing.setVisible(empty)
        self.canvas.show_axes(not empty)
        first, last = self._steps()
        pixels = max(100, int(self.canvas.box.width()))
        drawn = [curve.draw(first, last, pixels, self._weight, self._log) for curve in self._curves.values()]
        bounds = [bound for bound in drawn if bound is not None]
        if not self._own_values:
            low, high = min((low for low, _ in bounds), default=0.0), max((high for _, high in bounds), default=1.0)
            self.canvas.left_axis.most = 1.0 if self._percent and high <= 1.0 else math.inf
            gap = (high - low) * 0.06 or abs(high) * 0.05 or 0.5
            if not _fits((low, high), self.canvas.box.viewRange()[1], gap):
                self.canvas.box.setYRange(low - gap, high + gap, padding=0)
        bottom = self.canvas.box.viewRange()[1][0]
        for curve in self._curves.values():
            curve.mark_wrong(bottom)
        self.markers.place()
        self._show_values()

    def lines(self) -> Iterator[str]:
        """Yield every point as series, step and value."""
        yield "series,step,value"
        for curve in self._curves.values():
            title = quoted(curve.look.title)
            for step, value in zip(curve.data.steps.tolist(), curve.data.values.tolist(), strict=True):
                yield f"{title},{step:.12g},{value!r}"

    def save(self, path: str | Path) -> None:
        """Draw what has come, then write it; see `SavedPlot.save`."""
        self.flush()
        super().save(path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._nothing.setGeometry(self.canvas.rect())
        self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.redraw()

    def _flush_if_seen(self) -> None:
        self._is_stale = not self.isVisible()
        if not self._is_stale:
            self.flush()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(Space.padding)
        line.addWidget(self.legend, 1)
        line.addWidget(self._where, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        layout.addWidget(self.header)
        layout.addLayout(line)
        layout.addWidget(self.canvas, 1)

    def _steps(self) -> tuple[float, float]:
        """Return the first and last step to draw: what was zoomed to, or all there is."""
        if self._own_steps:
            first, last = self.canvas.box.viewRange()[0]
            return float(first), float(last)
        data = [curve.data for curve in self._curves.values() if len(curve.data) and curve.shown]
        first = min((series.point(0)[0] for series in data), default=0.0)
        last = max((series.point(-1)[0] for series in data), default=1.0)
        gap = (last - first) * 0.03 or 1.0
        if not _fits((first, last), self.canvas.box.viewRange()[0], gap):
            self.canvas.box.setXRange(first - gap, last + gap, padding=0)
        return first, last

    def _show_values(self) -> None:
        """Write the newest values into the legend, or those under the crosshair in full precision."""
        step, shown = self._pointed, []
        for name, curve in self._curves.items():
            if step is None:
                value = curve.last(self._weight)
                text = "" if value is None else self._read(value)
            else:
                point = curve.data.at(step)
                text = "" if point is None else self._exact(point[1])
            self.legend.show_value(name, text)
            shown.append(f"{curve.look.title} {text}")
        self._where.setText("" if step is None else tr(self._where_template, step=figures.count(step)))
        self.canvas.setAccessibleDescription(", ".join(part for part in (self._where.text(), *shown) if part))

    def _exact(self, value: float) -> str:
        return figures.percent(value, 4) if self._percent else figures.exact(value)

    def _point(self, step: float | None) -> None:
        if step is not None:
            wanted = step
            near = [point[0] for curve in self._curves.values() if (point := curve.data.at(step)) is not None]
            step = min(near, key=lambda found: abs(found - wanted), default=None)
        self._pointed = step
        self.markers.set_cross(step)
        self._show_values()

    def _zoom(self, values_too: bool) -> None:
        self._own_steps = True
        self._own_values = self._own_values or values_too
        self.redraw()

    def _show_curve(self, name: str, shown: bool) -> None:
        if curve := self._curves.get(name):  # the legend may be a moment behind
            curve.shown = shown
            self.redraw()

    def _restyle(self) -> None:
        self.canvas.restyle()
        self.markers.restyle()
        for curve in self._curves.values():
            curve.restyle()
        self.redraw()


def _fits(wanted: tuple[float, float], shown: Sequence[float], gap: float) -> bool:
    """Return whether what is shown leaves a margin of about `gap`: then axes and grid stay as they are."""
    margins = (wanted[0] - shown[0], shown[1] - wanted[1])
    return all(gap * 0.2 <= margin <= gap * 1.3 for margin in margins)
