"""Runs held against each other on one test set: a table, a scatter plot, and the samples on which they differ."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.plots.bench_scatter import BenchScatter
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.fitted_table import FittedTable
from workbench.gui.widgets.image_grid import ImageGrid
from workbench.gui.widgets.job_card import JobCard
from workbench.gui.widgets.table import Column, RowsModel, Table

_TABLE_HEIGHT, _BELOW_HEIGHT = 110, 280  # pixels, at least; of the table without its lines
_LINE, _LINES = 30, 5  # pixels of a line, and how many always have room


class RunsBench(QWidget):
    """Shows what comparing.compare answers; closed when a person goes back, cancelled when the job is to end."""

    closed = Signal()
    cancelled = Signal()
    failed = Signal(object)  # UserError of an export

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Mapping[str, Any] | None = None  # what is shown
        self._metrics: Mapping[str, Any] = {}
        self._samples: list[Mapping[str, Any]] = []
        self.back = button(tr("Back to all runs"), "arrow-left")
        self.back.setObjectName("runs.bench_back")
        self.back.clicked.connect(self.closed)
        self.progress = JobCard()
        self.progress.cancel_wanted.connect(self.cancelled)
        self.progress.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.table = FittedTable()
        self.table.setObjectName("runs.bench_table")
        self.table.setAccessibleName(tr("How good, how large and how fast"))
        self.upper = Card(tr("How good, how large and how fast"))
        self.upper.add_action(self.back)
        self.upper.add(self.table, 1)
        self.scatter = BenchScatter()
        self.scatter.failed.connect(self.failed)
        plot = Card()
        plot.add(self.scatter, 1)
        self.differing = self._make_samples()
        self.below = QWidget()
        below = QHBoxLayout(self.below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(Space.gap)
        for card in (plot, self.differing):
            card.setMinimumHeight(_BELOW_HEIGHT)
            below.addWidget(card, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(self.progress)
        layout.addWidget(self.upper, 2)
        layout.addWidget(self.below, 3)
        layout.addStretch(0)

    def set_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Take what metrics are called; of the engine's settings.catalogue."""
        self._metrics = metrics

    def show_progress(self, stage: str, fraction: float | None = None, left: str = "") -> None:
        """Show how far the measuring is."""
        self.progress.show_progress(tr("Comparing"), stage, fraction, left)
        self.progress.show()

    def show_nothing(self) -> None:
        """Take away what was measured before."""
        self.found = None
        for part in (self.upper, self.below):
            part.hide()

    def show_result(self, found: Mapping[str, Any]) -> None:
        """Show what was measured."""
        self.found = found
        self.progress.hide()
        for part in (self.upper, self.below):
            part.show()
        rows = [{**row, "number": number} for number, row in enumerate(found["rows"], start=1)]
        names = [name for name in rows[0]["metrics"] if name != "loss"] or ["loss"]
        metric = names[0]
        self._show(rows, metric, tr(self._metrics[metric]["title"]) if metric in self._metrics else tr("Loss"))
        splits = {"test": tr("test split"), "validation": tr("validation split")}
        self.upper.set_note(
            tr(
                "{count} samples of the {split}, on {device}",
                count=figures.count(found["count"]),
                split=splits[found["split"]],
                device=found["device"],
            )
        )
        differing = found["disagreeing"]
        self.differing.set_note(
            tr("{count} of {all}", count=figures.count(differing), all=figures.count(found["count"]))
            if differing is not None
            else ""
        )
        self._show_samples(found["disagreements"], differing, [str(row["name"]) for row in rows])

    def _show(self, rows: Sequence[Mapping[str, Any]], metric: str, title: str) -> None:
        scored = [{**row, "score": row["metrics"][metric], "weights": row["parameters"]} for row in rows]
        name = f"validation_{metric}"
        columns = [
            Column("number", "#", right=True),
            Column("name", tr("Run")),
            Column("score", title, lambda value: self._score(name, value), right=True),
            Column("size", tr("On disk"), figures.size, right=True, tip=tr("Of the file of its weights.")),
            Column("packed", tr("Zipped"), figures.size, right=True, tip=tr("The same file in an archive.")),
            Column("weights", tr("Weights"), figures.count, right=True),
            Column("nonzero", tr("Not zero"), figures.count, right=True),
            Column("p50", "p50", _milliseconds, right=True, tip=tr("Half of all single samples take no longer.")),
            Column("p99", "p99", _milliseconds, right=True, tip=tr("99 of 100 single samples take no longer.")),
            Column("throughput", tr("Samples/s"), figures.count, right=True, tip=tr("In batches.")),
        ]
        self.table.set_model(RowsModel(columns, scored))
        self.upper.setMinimumHeight(_TABLE_HEIGHT + _LINE * min(len(rows), _LINES))
        known = self._metrics.get(metric, {})
        self.scatter.set_rows(rows, metric, title, percent=bool(known.get("percent", False)))

    def _score(self, name: str, value: float) -> str:
        known = self._metrics.get(name.partition("_")[2], {})
        return figures.percent(value, 2) if known.get("percent") else figures.number(value, 4)

    def _make_samples(self) -> Card:
        self.grid = ImageGrid(56)
        self.grid.setAccessibleName(tr("Pictures on which they differ"))
        self.grid.selected.connect(self._tell)
        self.answers = look(QLabel(), "muted")
        self.answers.setWordWrap(True)
        pictures = QWidget()
        column = QVBoxLayout(pictures)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.grid, 1)
        column.addWidget(self.answers)
        self.list = Table()
        self.list.setAccessibleName(tr("Samples on which they differ"))
        self.none = look(QLabel(), "muted")
        self.none.setWordWrap(True)
        self.kinds = QStackedWidget()
        for widget in (self.none, pictures, self.list):
            self.kinds.addWidget(widget)
        card = Card(tr("Where they differ"))
        card.add(self.kinds, 1)
        return card

    def _show_samples(self, samples: Sequence[Mapping[str, Any]], differing: int | None, names: Sequence[str]) -> None:
        self._samples = list(samples)
        self.answers.setText(tr("Choose a picture to see what each of them says."))
        if not samples:
            same = tr("They say the same of every sample.")
            unlike = tr("What these models say cannot be held against each other one by one.")
            self.none.setText(same if differing == 0 else unlike)
            self.kinds.setCurrentIndex(0)
        elif "picture" in samples[0]:
            pictures = [_pixels(sample["picture"]) for sample in samples]
            self.grid.set_supplier(
                len(samples),
                lambda rows: np.stack([pictures[row] for row in rows]),
                label=lambda row: str(self._samples[row]["truth"]),
                tip=self._said,
            )
            self.kinds.setCurrentIndex(1)
        else:
            columns = [Column("name", tr("Sample")), Column("truth", tr("Truth"))]
            columns += [Column(str(number), name) for number, name in enumerate(names)]
            rows = [
                {
                    "name": sample.get("text") or sample["name"],
                    "truth": sample["truth"],
                    **{str(number): answer["label"] for number, answer in enumerate(sample["answers"])},
                }
                for sample in samples
            ]
            self.list.set_model(RowsModel(columns, rows))
            self.kinds.setCurrentIndex(2)

    def _tell(self, row: int) -> None:
        if 0 <= row < len(self._samples):
            self.answers.setText(self._said(row))

    def _said(self, row: int) -> str:
        """Return what is true of a sample, and what each of the models says."""
        sample = self._samples[row]
        answers = [
            f"{number}: {answer['label']}" + (f" ({figures.percent(answer['score'])})" if answer["score"] else "")
            for number, answer in enumerate(sample["answers"], start=1)
        ]
        return tr("{name} is {truth}.", name=sample["name"], truth=sample["truth"]) + "  " + "   ".join(answers)


def _milliseconds(seconds: float) -> str:
    return tr("{number} ms", number=figures.number(seconds * 1e3))


def _pixels(plain: Mapping[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(plain["pixels"]), np.uint8).reshape(plain["shape"])
