"""Trying a forecast: drawn onto the series, at a place of the test split or behind a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.trying.forecast_errors import ForecastErrors
from workbench.gui.pages.trying.panel import Panel
from workbench.gui.pages.trying.result import Result, answer_in_words
from workbench.gui.plots.series_plot import Band, Line, SeriesPlot
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.chips import MenuChip
from workbench.gui.widgets.table import Column, RowsModel, Table


class ForecastResult(Result):
    """The values of a forecast, step by step, beside the truth where it is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = Table()
        self.table.setObjectName("try.forecast")
        self.table.setAccessibleName(tr("Forecast"))
        self.table.setMinimumHeight(160)
        self.table.hide()
        self.room.addWidget(self.table, 1)

    def show_forecast(self, found: Mapping[str, Any], column: str) -> None:
        """Show what series.forecast answered, for one of its columns."""
        self.show_prediction({"values": found["values"][column]}, {})
        truth = found["truth"].get(column, [])
        columns = [Column("step", tr("Step"), str), Column("value", tr("Forecast"), _figure)]
        columns += [Column("truth", tr("Truth"), _figure)] if truth else []
        times = list(found["times"])[len(found["before"][column]) :]
        self.model = RowsModel(columns)
        self.table.set_model(self.model, sortable=False)
        self.model.set_rows(
            [
                {
                    "step": times[place] if place < len(times) and times[place] else f"+{place + 1}",
                    "value": value,
                    "truth": truth[place] if truth else None,
                }
                for place, value in enumerate(found["values"][column])
            ]
        )
        self.table.show()
        if truth:
            last = found["before"][column][-1]
            off, naive = _mean_error(found["values"][column], truth), _mean_error([last] * len(truth), truth)
            told = tr("mean error; the last value has {error}", error=figures.number(naive))
            self.show_line(figures.number(off), told)
        else:
            self.show_line(tr("{count} steps", count=len(found["values"][column])))

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        self.show_line(answer_in_words(prediction))

    def clear_answer(self) -> None:
        self.table.hide()


class ForecastPanel(Panel):
    """A plot of the last rows, of the truth and the forecast, and below it a slider through the test split."""

    batches = False
    samples = False

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._run = ""
        self._found: Mapping[str, Any] = {}
        self.result: ForecastResult = ForecastResult()
        self.result.error_hint = tr("Drop a CSV with the columns that the model was trained on.")
        self.invitation = (
            tr("Drop a CSV here"),
            tr("its last rows are read, and what follows is forecast"),
            "download-simple",
        )
        self.column = MenuChip({}, "")
        self.column.setObjectName("try.column")
        self.column.setToolTip(tr("Show one column"))
        self.column.chosen.connect(self._draw)
        self.column.hide()
        self.view = MenuChip(self._views(), "forecast")
        self.view.setObjectName("try.view")
        self.view.setToolTip(tr("Show a forecast, or how far forecasts are off"))
        self.view.chosen.connect(self._choose_view)
        self.view.hide()
        self.chips = (self.view, self.column)
        self.plot = SeriesPlot(tr("Forecast"))
        self.plot.setObjectName("try.series")
        self.plot.failed.connect(self.failed)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("try.place")
        self.slider.setAccessibleName(tr("Place in the test split"))
        self.slider.setToolTip(tr("Moves the forecast through the test split."))
        self.slider.valueChanged.connect(self._move)
        self.place = look(QLabel(), "muted")
        self._line = QWidget()
        row = QHBoxLayout(self._line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.medium)
        row.addWidget(self.slider, 1)
        row.addWidget(self.place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._line)
        self._line.hide()
        self.errors = ForecastErrors()
        for plot in self.errors.plots:
            plot.failed.connect(self.failed)
        self.errors.hide()
        layout.addWidget(self.errors, 1)
        self._kept = Latest(engine, "evaluation.kept", 0, self)
        self._kept.answered.connect(self._show_errors)
        self._forecasts = Latest(engine, "series.forecast", 0, self)
        self._forecasts.answered.connect(self._show)
        self._forecasts.failed.connect(lambda error, _: self._fail(error))

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        other = run != self._run
        self._run = run
        self.headed.emit(tr("Series"), "")
        self.occupied.emit(True)
        if other:
            self.stop()
            self._found = {}
            self.plot.set_lines([])
            self.result.show_nothing()
        self._kept.ask({"run": run})
        if description.get("path_ok", True):
            number = max(0, int(self._found.get("number", 0)))
            self._ask({"number": number})
        elif other:
            self._line.hide()
            self.occupied.emit(False)

    def line(self) -> str:
        return tr("Move through the test split, or drop a CSV: the forecast follows its last row.")

    def file_kinds(self) -> str:
        return tr("Series ({endings})", endings="*.csv *.tsv *.parquet")

    def take(self, paths: Sequence[str]) -> None:
        self.take_file(paths[0])

    def take_file(self, path: str) -> None:
        self.occupied.emit(True)
        self._ask({"path": path})

    def stop(self) -> None:
        self._forecasts.forget()
        self._kept.forget()

    def _views(self) -> dict[Any, str]:
        return {"forecast": tr("Forecast"), "errors": tr("Errors on the test split")}

    def _ask(self, what: Mapping[str, Any]) -> None:
        self.result.show_waiting()
        self._forecasts.ask({"run": self._run, **what})

    def _move(self, number: int) -> None:
        self._ask({"number": number})

    def _show(self, found: Mapping[str, Any], _: object) -> None:
        self._found = found
        columns = list(found["columns"])
        kept = self.column.value() if self.column.value() in columns else columns[0]
        self.column.set_choices({column: column for column in columns}, kept)
        self.column.setVisible(len(columns) > 1)
        if found["count"]:
            blocked = self.slider.blockSignals(True)
            self.slider.setRange(0, found["count"] - 1)
            self.slider.setValue(found["number"])
            self.slider.blockSignals(blocked)
            self.place.setText(tr("from {time}", time=found["name"]))
            self._line.setVisible(self.view.value() != "errors")
        else:
            self.place.setText("")
        self.headed.emit(tr("Series"), "" if found["count"] else str(found["name"]))
        self._draw()

    def _show_errors(self, found: Mapping[str, Any], _: object) -> None:
        self.errors.set_evaluation(found["splits"].get(found["split"], {}))
        self.view.setVisible(not self.errors.is_empty())
        if self.errors.is_empty():
            self.view.set_choices(self._views(), "forecast")
        self._choose_view()

    def _choose_view(self, *_: object) -> None:
        errors = self.view.value() == "errors"
        self.errors.setVisible(errors)
        self.plot.setVisible(not errors)
        self._line.setVisible(not errors and bool(self._found.get("count")))
        self._draw()

    def _draw(self, *_: object) -> None:
        if not self._found:
            return
        found, column = self._found, str(self.column.value())
        before, told, truth = (found[part].get(column, []) for part in ("before", "values", "truth"))
        begin, last = len(before), [before[-1]]
        ahead = range(begin - 1, begin + len(told))
        lines = [Line(tr("So far"), range(begin), before, -1)]
        if truth:
            lines.append(Line(tr("Truth"), ahead, [*last, *truth], 0))
        lines.append(Line(tr("Forecast"), ahead, [*last, *told], 1, dashed=True, dots=True))
        read = Band(max(0, begin - found["window"]), begin - 1, tr("read by the model"), 3)
        self.plot.header.set_title(column)
        self.plot.set_lines(lines, [read], dict(enumerate(found["times"])))
        self.result.show_forecast(found, column)
        self.errors.show_column(column)

    def _fail(self, error: Any) -> None:
        self.result.show_error(error.translated())


def _figure(value: Any) -> str:
    return "" if value is None else figures.number(float(value), 4)


def _mean_error(told: Sequence[float], truth: Sequence[float]) -> float:
    pairs = [abs(a - b) for a, b in zip(told, truth, strict=True) if a is not None and b is not None]
    return sum(pairs) / max(len(pairs), 1)
