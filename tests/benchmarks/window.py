"""How long the window's event loop is ever kept from turning while 60,000 JPEG files are opened in it."""

import os
import tempfile
from pathlib import Path
from time import perf_counter

from tests.benchmarks.opening import made


def lines(images: Path | None) -> list[str]:
    """Open the images in the real window, scroll through them, and return the longest gaps between two turns."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QAbstractScrollArea, QApplication

    from workbench.gui.app import make_window

    with tempfile.TemporaryDirectory() as place:
        for name in ("RUNS", "CACHE", "STATE"):
            os.environ[f"WORKBENCH_{name}"] = str(Path(place) / name.lower())
        source = images or made(Path(place) / "images", 60_000)
        application = QApplication.instance() or QApplication([])
        window = make_window(Path(place) / "runs")
        window.show()
        turns = Turns()
        probe = QTimer(window)
        probe.timeout.connect(turns.turn)
        probe.start(5)
        page = window.workspace.data
        opened: list[object] = []
        page.opened.connect(opened.append)
        while not window.behind.catalogue:
            application.processEvents()
        turns.begin("opening")
        page.open_files([str(source)])
        while not opened:
            application.processEvents()
        turns.begin("scrolling")
        end = perf_counter() + 3
        area = window.findChild(QAbstractScrollArea, "data.grid")
        bar = area.verticalScrollBar() if area else None
        while perf_counter() < end:
            if bar is not None:
                bar.setValue((bar.value() + 997) % max(bar.maximum(), 1))
            application.processEvents()
        turns.begin("")
        probe.stop()
        window.end("stop")
        while not window.is_quiet():
            application.processEvents()
        window.deleteLater()
        application.processEvents()
    return [f"Window while opening {source.name}", *(f"  {line}" for line in turns.lines())]


class Turns:
    """Notes when the event loop turned, by what was going on."""

    def __init__(self) -> None:
        self._last = perf_counter()
        self._what = "starting"
        self._gaps: dict[str, list[float]] = {}

    def begin(self, what: str) -> None:
        """Count what follows as another part."""
        self.turn()
        self._what = what

    def turn(self) -> None:
        """Note that the loop turned."""
        now = perf_counter()
        self._gaps.setdefault(self._what, []).append(now - self._last)
        self._last = now

    def lines(self) -> list[str]:
        """Return the time and the longest gap of every part."""
        return [
            f"{name:<12} {sum(gaps):7.2f} s, longest gap {max(gaps) * 1000:6.1f} ms, "
            f"{sum(gaps[: gaps.index(max(gaps))]):.2f} s after its beginning"
            for name, gaps in self._gaps.items()
            if name
        ]
