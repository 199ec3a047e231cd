"""A sequence for a model that tells its class or a number: a CSV, drawn."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.latest import Latest
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.plots.series_plot import Line, SeriesPlot


class SeriesInput(Input):
    """Draws what is to be predicted, a line for each column."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.line = tr("Drop a CSV with one sequence anywhere on this page.")
        self.error_hint = tr("Drop a CSV with the columns that the model was trained on.")
        self.invitation = (tr("Drop a CSV here"), tr("one sequence, a line for each step"), "download-simple")
        self.many_hint = tr("Drop several CSV files, a folder of them, or an .npz.")
        self._run = ""
        self.plot = SeriesPlot(tr("Sequence"))
        self.plot.setObjectName("try.series")
        self.plot.failed.connect(self.failed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self._read = Latest(engine, "series.read", 0, self)
        self._read.answered.connect(self._draw)
        self._read.failed.connect(lambda error, _: self.plot.set_lines([]))

    def begin(self) -> None:
        self.headed.emit(tr("Sequence"), "")
        self.occupied.emit(False)

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        self._run = run

    def file_kinds(self) -> str:
        return tr("Series ({endings})", endings="*.csv *.tsv *.parquet *.npz")

    def take_file(self, path: str) -> None:
        if path.lower().endswith(".npz"):
            self.many_came.emit([path])
            return
        self.show_given({"path": path}, path.replace("\\", "/").rsplit("/", 1)[-1])
        self.given.emit({"path": path}, path)

    def show_given(self, given: Mapping[str, Any], name: str) -> None:
        self.headed.emit(tr("Sequence"), name)
        self.occupied.emit(True)
        self._read.ask({"run": self._run, "given": dict(given)})

    def stop(self) -> None:
        self._read.forget()

    def _draw(self, answer: Mapping[str, Any], _: object) -> None:
        lines = [
            Line(column, range(len(values)), values, number)
            for number, (column, values) in enumerate(answer["values"].items())
        ]
        self.plot.set_lines(lines, (), dict(enumerate(answer["times"])))
