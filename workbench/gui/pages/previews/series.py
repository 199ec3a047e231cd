"""Opened series: the whole of a long one with its splits shaded, or some sequences of each class over one another."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.previews.preview import Preview, class_tile, renamed, split_titles, total
from workbench.gui.plots.series_plot import Band, Line, SeriesPlot
from workbench.gui.widgets.chips import MenuChip


class SeriesPreview(Preview):
    """One column at a time; the engine thins out what is too long for the screen."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._classes: tuple[list[str], list[str]] = ([], [])  # as found, as named now
        self._found: Mapping[str, Any] = {}
        self._column = MenuChip({}, "")
        self._column.setObjectName("data.column")
        self._column.setToolTip(tr("Show one column"))
        self._column.chosen.connect(self._draw)
        self.add_action(self._column)
        self.plot = SeriesPlot(tr("Series"))
        self.plot.setObjectName("data.series")
        self.plot.failed.connect(self.failed)
        self.add(self.plot, 1)
        self._overview = Latest(engine, "series.overview", 0, self)
        self._overview.answered.connect(self._show)
        self._overview.failed.connect(lambda error, _: self.failed.emit(error))

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        classes = list(summary["classes"])
        self._classes = (classes, classes)
        self._found = {}
        self.plot.set_lines([])
        self.set_note(tr("Reading the series…"))
        self._overview.ask({"data": data})

    def set_classes(self, classes: list[str]) -> None:
        self._classes = (self._classes[0], list(classes))
        self._draw()

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        facts = summary.get("facts", {})
        if facts.get("form") == "long":
            shape = f"{facts['window']} → {facts['horizon']}"
            tiles = [(tr("Rows"), figures.count(facts["rows"])), (tr("Window → horizon"), shape)]
            return [*tiles, (tr("Windows"), figures.count(total(summary)))]
        tiles = [(tr("Sequences"), figures.count(total(summary))), *class_tile(summary)]
        least, _, most = facts.get("lengths", (0, 0, 0))
        return [*tiles, (tr("Steps"), figures.count(most) if least == most else f"{least:,}–{most:,}")]

    def _show(self, answer: Mapping[str, Any], _: object) -> None:
        self._found = answer
        columns = list(answer["columns"])
        self._column.set_choices(dict(enumerate(columns)), 0)
        self._column.setVisible(len(columns) > 1)
        self._draw()

    def _draw(self, *_: object) -> None:
        if not self._found:
            return
        if self._found["form"] == "long":
            self._draw_long()
        else:
            self._draw_labelled()

    def _draw_long(self) -> None:
        found, column = self._found, self._found["columns"][int(self._column.value() or 0)]
        rows, (first, second) = found["rows"], found["borders"]
        ends = ((0, first), (first, second), (second, rows - 1))
        titles = split_titles().values()
        bands = [
            Band(begin, end, title, number)
            for number, ((begin, end), title) in enumerate(zip(ends, titles, strict=True))
            if end > begin
        ]
        times = dict(zip(found["places"], found["times"], strict=False))
        thin = tr("thinned out to {count} points", count=figures.count(len(found["places"])))
        self.set_note(thin if len(found["places"]) < rows else "")
        self.plot.header.set_title(column)
        self.plot.set_lines([Line(column, found["places"], found["values"][column], 3)], bands, times)

    def _draw_labelled(self) -> None:
        number = int(self._column.value() or 0)
        names = list(dict.fromkeys(curve["label"] for curve in self._found["curves"]))
        lines = []
        for curve in self._found["curves"]:
            values = curve["values"][number] if number < len(curve["values"]) else []
            title = renamed(curve["label"], *self._classes)
            lines.append(Line(title, range(len(values)), values, names.index(curve["label"]), faint=True))
        self.set_note(
            tr("some training sequences of each class") if self._classes[0] else tr("some training sequences")
        )
        self.plot.header.set_title(str(self._found["columns"][number]) if self._found["columns"] else tr("Series"))
        self.plot.set_lines(lines)
