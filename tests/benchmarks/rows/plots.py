"""Eight curves of a million points, to which points are added, and a zoom into ten million: how long a frame takes."""

import os
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks.measuring import Amount, Figure, Result, Row, timed

CURVES, POINTS, NEW, FRAMES = 8, 1_000_000, 100, 30
SIZE = 1200, 800
MILLION = 1_000_000


def measure(rounds: int) -> Iterator[Result]:
    """Yield our frame against pyqtgraph's own, as it is and with its thinning, and what our frames and zooms take."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from workbench.gui import theme

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.install(application, "light")
    ours, plain, thinned = Ours(), Stock(), Stock(thinned=True)
    names = "pyqtgraph, all points", "pyqtgraph, peaks of what is seen", "ours"
    against_plain = Figure("Adding to 8 curves of 1 M points", names[0], names[2], reach=200)
    against_thinned = Figure("The same, where pyqtgraph thins out", names[1], names[2])
    for _ in range(rounds):
        frame = median(timed(ours.frame) for _ in range(FRAMES))
        for figure, peer in ((against_plain, plain), (against_thinned, thinned)):
            figure.firsts.append(timed(peer.frame))
            figure.seconds.append(frame)
    yield against_plain
    yield against_thinned
    frames = [seconds * 1e3 for seconds in against_plain.seconds]
    yield Amount("A frame of ours, 1200×800, points added", "ms", frames, at_most=5)
    yield _amount("A frame of ours, all of it drawn anew", rounds, ours.whole_frame)
    ours.plot.set_smoothing(0.6)
    ours.frame()
    yield _amount("A frame of ours with smoothed lines over the raw points", rounds, ours.frame)
    for shown in (ours.plot, plain.plot, thinned.plot):
        shown.close()
    zoomed = Zoomed()
    yield _amount("A zoom in 10 M points, smoothed", rounds, zoomed.zoom, at_most=8)
    zoomed.plot.close()


def _amount(name: str, rounds: int, frame: Callable[[], object], at_most: float = 0.0) -> Amount:
    medians = [median(timed(frame) for _ in range(FRAMES)) * 1e3 for _ in range(rounds)]
    return Amount(name, "ms", medians, at_most=at_most)


def points(number: int, count: int, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and values of a noisy loss that falls, from step `start` on."""
    steps = np.arange(start, start + count)
    noise = np.random.default_rng((number, start)).normal(size=count) * 0.1
    return steps, np.exp(-steps / 3e5) + 0.1 * number + noise


class Ours:
    """The plot of the program."""

    def __init__(self) -> None:
        from workbench.gui.plots.curve_plot import CurvePlot

        self.plot = CurvePlot("Loss")
        self.plot.resize(*SIZE)
        self._at = POINTS
        for number in range(CURVES):
            self.plot.set_series(f"run {number}", *points(number, POINTS), color=number)
        self._painted = Painted(self.plot, self.plot.canvas.viewport())
        self._new = [points(number, NEW, POINTS)[1] for number in range(CURVES)]

    def frame(self) -> None:
        """Add points to every curve and draw them."""
        for number, values in enumerate(self._new):
            self.plot.append(f"run {number}", np.arange(self._at, self._at + NEW), values)
        self._at += NEW
        self.plot.flush()
        self._painted.wait()

    def whole_frame(self) -> None:
        """Draw the same when nothing of what is drawn may stay."""
        self.plot.canvas.viewport().update()
        self.frame()


class Stock:
    """What one gets from pyqtgraph alone, with an array that has room for what comes: it copies nothing."""

    def __init__(self, *, thinned: bool = False) -> None:
        import pyqtgraph

        self.plot = pyqtgraph.PlotWidget()
        self.plot.resize(*SIZE)
        self._at, self._items, self._memory = POINTS, [], []
        for number in range(CURVES):
            memory = np.empty((2, POINTS + 100 * NEW))
            memory[:, :POINTS] = points(number, POINTS)
            if thinned:
                item: Any = pyqtgraph.PlotDataItem(pen=number)
                item.setDownsampling(auto=True, method="peak")
                item.setClipToView(True)
            else:
                item = pyqtgraph.PlotCurveItem(pen=number)
            self.plot.addItem(item)
            self._items.append(item)
            self._memory.append(memory)
        self._painted = Painted(self.plot, self.plot.viewport())
        self._new = [points(number, NEW, POINTS)[1] for number in range(CURVES)]
        self.frame()

    def frame(self) -> None:
        """Add points to every curve and draw them."""
        for number, (item, memory) in enumerate(zip(self._items, self._memory, strict=True)):
            memory[0, self._at : self._at + NEW] = np.arange(self._at, self._at + NEW)
            memory[1, self._at : self._at + NEW] = self._new[number]
            item.setData(memory[0, : self._at + NEW], memory[1, : self._at + NEW])
        self._at += NEW
        self._painted.wait()


class Zoomed:
    """Ten million points of a loss, of which a person looks at one place, then at another."""

    def __init__(self) -> None:
        from workbench.gui.plots.loss_plot import LossPlot

        self.plot = LossPlot()
        self.plot.resize(*SIZE)
        self.plot.set_training(*points(0, 10 * MILLION))
        self._painted = Painted(self.plot, self.plot.canvas.viewport())
        self._random = np.random.default_rng(0)

    def zoom(self) -> None:
        """Look at another part, from a hundred points to nearly all."""
        width = 10 ** self._random.uniform(2, 6.9)
        first = self._random.uniform(0, 10 * MILLION - width)
        box = self.plot.canvas.box
        box.setXRange(first, first + width, padding=0)
        box.zoomed.emit(False)
        self.plot.flush()
        self._painted.wait()


class Painted:
    """Shows a plot, and waits until it was painted."""

    def __init__(self, plot: Any, surface: Any) -> None:
        from PySide6.QtCore import QEvent, QObject
        from PySide6.QtWidgets import QApplication

        class Watch(QObject):
            count = 0

            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                self.count += event.type() == QEvent.Type.Paint
                return False

        self._watch = Watch()
        self._process = QApplication.processEvents
        surface.installEventFilter(self._watch)
        plot.show()
        self.wait()

    def wait(self) -> None:
        """Let events run until the next painting is done, and what else waits."""
        before = self._watch.count
        while self._watch.count == before:
            self._process()


ROW = Row(6, "Curves in the window: points are added and drawn, offscreen, 1200×800", measure)
