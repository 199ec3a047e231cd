"""The surface that curves are drawn on."""

from typing import cast

import pyqtgraph
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent

from workbench.gui import theme
from workbench.gui.plots.axes import QuietAxis, ZoomBox

_GRID = 150  # how strong the horizontal lines are, of 255


class Canvas(pyqtgraph.PlotWidget):
    """Quiet axes and a faint horizontal grid; pointed(step or None) follows the mouse, or the arrow keys."""

    pointed = Signal(object)

    def __init__(self, percent: bool) -> None:
        self.box = ZoomBox()
        self.left_axis, self.bottom_axis = QuietAxis("left", percent), QuietAxis("bottom")
        axes = {"left": self.left_axis, "bottom": self.bottom_axis}
        super().__init__(viewBox=self.box, axisItems=axes, enableMenu=False)
        self.plot = cast(pyqtgraph.PlotItem, self.getPlotItem())
        self.plot.hideButtons()
        for axis in (self.left_axis, self.bottom_axis):
            axis.setZValue(-1)  # the grid lies under the curves
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 100)
        cast(pyqtgraph.GraphicsScene, self.scene()).sigMouseMoved.connect(self._moved)
        self._step: float | None = None
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self.setBackground(theme.current().color("surface"))
        for axis in (self.left_axis, self.bottom_axis):
            axis.restyle()
        self.left_axis.setGrid(_GRID)

    def show_axes(self, shown: bool) -> None:
        """Show or hide the figures and the grid; an empty plot has none."""
        for axis in (self.left_axis, self.bottom_axis):
            axis.setOpacity(float(shown))

    def add(self, item: pyqtgraph.GraphicsObject) -> None:
        """Draw `item`; it has no say in the range that is shown."""
        self.plot.addItem(item, ignoreBounds=True)

    def point(self, step: float | None) -> None:
        """Move the crosshair to `step`, or take it away."""
        if step != self._step:
            self._step = step
            self.pointed.emit(step)

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.point(None)

    def focusOutEvent(self, ev: QFocusEvent) -> None:
        super().focusOutEvent(ev)
        self.point(None)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        first, last = self.box.viewRange()[0]
        step = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}.get(ev.key())
        if ev.key() == Qt.Key.Key_Escape:
            self.point(None)
            self.box.reset.emit()
        elif step is not None:
            here = (self._step if self._step is not None else last) + step * (last - first) / 100
            self.point(min(last, max(first, here)))
        else:
            super().keyPressEvent(ev)

    def _moved(self, position: QPointF) -> None:
        inside = self.box.sceneBoundingRect().contains(position)
        self.point(self.box.mapSceneToView(position).x() if inside else None)
