"""A run of ten million points: from its folder to the first picture of its loss, against TensorBoard's reader."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.benchmarks.measuring import Amount, Figure, Result, Row
from tests.core.run_maker import queued_run, started, write
from workbench.core.events import Finished, StepsDone
from workbench.core.run_folder import RunFolder

POINTS = 10_000_000
THEIRS = 100_000  # TensorBoard's reader takes minutes for ten million: it reads so many, and a point is what counts
SIZE = 1280, 800


def measure(rounds: int) -> Iterator[Result]:
    """Yield the time of a point for both, and of ours from the folder to the picture on the Train page."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as place:
        folder = ours_written(Path(place) / "runs")
        log = theirs_written(Path(place) / "log")
        opened = [shown(folder) for _ in range(rounds)]
        if log is not None:
            figure = Figure(
                f"A point read and kept (TensorBoard: of {THEIRS:,}; ours: of {POINTS:,}, drawn as well)",
                "TensorBoard",
                "ours",
                unit="µs",
            )
            figure.firsts = [read_by_tensorboard(log) / THEIRS * 1e6 for _ in range(rounds)]
            figure.seconds = [seconds / POINTS * 1e6 for seconds in opened]
            yield figure
        yield Amount("10 M points from the folder to the painted Train page", "s", opened, at_most=0.15)


def ours_written(runs: Path) -> RunFolder:
    """Return a finished run of one epoch with a noisy loss of so many steps."""
    steps = np.arange(1, POINTS + 1, dtype=np.uint32)
    noise = np.random.default_rng(0).normal(size=POINTS) * 0.1
    losses = (np.exp(-(steps / 3e6)) + noise).astype(np.float32)
    folder = queued_run(runs)
    series = StepsDone(POINTS, {"training_loss": (steps, losses)})
    write(folder, started(epochs=1, steps_per_epoch=POINTS), series, Finished(POINTS, 1, 1.0, {}))
    return folder


def shown(folder: RunFolder) -> float:
    """Return the seconds from following the run to the painting of every point of its loss on the Train page."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    from workbench.gui import theme
    from workbench.gui.follower import Follower
    from workbench.gui.pages.train import TrainPage

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.install(application, "light")
    page = TrainPage()
    page.resize(*SIZE)
    page.show_run(folder)
    page.show()
    application.processEvents()
    plot, painted = page.plots.loss_plot, []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            drawn = any(len(curve.line.outline()[0]) for curve in plot._curves.values())
            if event.type() == QEvent.Type.Paint and drawn:
                painted.append(perf_counter())
            return False

    watch, follower = Watch(), Follower()
    plot.canvas.viewport().installEventFilter(watch)
    follower.batch.connect(lambda batches: page.take(batches[folder.name]))
    began = perf_counter()
    follower.follow(folder)
    while not painted:
        application.processEvents()
    application.processEvents()
    ended = perf_counter()
    assert page.plots.points() == POINTS, "points were dropped"
    follower.stop()
    page.close()
    page.deleteLater()
    application.processEvents()
    return ended - began


def theirs_written(folder: Path) -> Path | None:
    """Return a folder of TensorBoard's own event file, or None, said in a line, where it is not installed."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event  # type: ignore[attr-defined]
        from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[attr-defined]
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        print("   TensorBoard is not installed: left out")
        return None
    writer = EventFileWriter(str(folder), max_queue_size=1000)
    for step in range(1, THEIRS + 1):
        value = Summary.Value(tag="training_loss", simple_value=1 / step)
        writer.add_event(Event(step=step, wall_time=step, summary=Summary(value=[value])))
    writer.close()
    return folder


def read_by_tensorboard(folder: Path) -> float:
    """Return the seconds that TensorBoard's reader takes to keep every point."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    began = perf_counter()
    reader.Reload()
    seconds = perf_counter() - began
    tags = reader.Tags()
    name = (tags["scalars"] or tags["tensors"])[0]
    kept = reader.Scalars(name) if tags["scalars"] else reader.Tensors(name)
    assert len(kept) == THEIRS, "TensorBoard dropped points"
    return seconds


ROW = Row(9, "A run of 10 M points is opened; TensorBoard reads 100 k of its own and is taken by the point", measure)
