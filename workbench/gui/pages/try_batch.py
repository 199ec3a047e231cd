"""What the model says about many inputs: a table, least certain first, that can be filtered and saved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QHeaderView, QStackedWidget, QWidget

from workbench.core.errors import UserError
from workbench.core.words import from_plain, plural, tr
from workbench.gui import figures
from workbench.gui.pages.trying.result import has_failed
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import Chip, MenuChip, ToggleChip
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.table import Column, RowsModel, Table

_SCORES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)


class TryBatch(Card):
    """Rows of {input, label, score, seconds, error}; what failed stands last, with its reason."""

    chosen = Signal(object)  # the prediction whose row was clicked
    cancel_wanted = Signal()
    invert_changed = Signal(bool)
    failed = Signal(object)  # UserError

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Batch predictions"), parent=parent)
        self._rows: list[dict[str, Any]] = []
        self._scored = True
        self.label_filter = MenuChip({"": tr("All labels")}, "")
        self.label_filter.setObjectName("try.label_filter")
        self.label_filter.setToolTip(tr("Shows one label alone."))
        scores = {
            score: tr("At least {score}", score=figures.percent(score, 0)) if score else tr("Any score")
            for score in _SCORES
        }
        self.score_filter = MenuChip(scores, 0.0)
        self.score_filter.setObjectName("try.score_filter")
        self.score_filter.setToolTip(tr("Hides what the model is less certain of."))
        self.save = Chip(tr("Save as CSV"))
        self.save.setObjectName("try.save")
        self.label_filter.chosen.connect(self._filter)
        self.score_filter.chosen.connect(self._filter)
        self.save.clicked.connect(self._save)
        self.invert = ToggleChip(tr("Invert"), tip=tr("Swaps light and dark before the model looks."))
        self.invert.setObjectName("try.invert_batch")
        self.invert.toggled.connect(self.invert_changed)
        for chip in (self.invert, self.save):
            self.add_action(chip)
        self.table = Table()
        self.table.setObjectName("try.table")
        self.table.setAccessibleName(tr("Predictions"))
        self.model = RowsModel(_columns())
        self.table.set_model(self.model)
        header = self.table.horizontalHeader()
        for column in (2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, 72)
        self.table.clicked.connect(self._choose)
        self.table.activated.connect(self._choose)
        self.count = look(ElidedLabel(), "muted")
        line = QHBoxLayout()
        line.setSpacing(Space.medium)
        line.addWidget(self.count, 1)
        line.addWidget(self.label_filter)
        line.addWidget(self.score_filter)
        self.body.addLayout(line)
        self.states = QStackedWidget()
        self.empty = EmptyState("stack", tr("Many at once"), tr("Drop several files, or a folder of them."))
        self.busy = EmptyState()
        self.busy.acted.connect(self.cancel_wanted)
        for state in (self.empty, self.busy, self.table):
            self.states.addWidget(state)
        self.add(self.states, 1)
        self._answer: Callable[[Mapping[str, Any]], str] = lambda prediction: str(prediction.get("label", ""))
        self._show(self.empty)

    def begin(self, answer: Callable[[Mapping[str, Any]], str], hint: str) -> None:
        """Begin anew with another kind of model; answer(prediction): its words. hint: what can be dropped."""
        self._answer = answer
        self.empty.show_state("files", tr("Many at once"), hint)
        self._rows = []
        self.model.set_rows([])
        self.invert.setChecked(False)
        self._show(self.empty)

    def options(self) -> dict[str, Any]:
        """Return how the model is to be asked, as further arguments of prediction.batch."""
        return {"invert": True} if self.invert.isChecked() else {}

    def show_progress(self, stage: str, fraction: float | None, left: str) -> None:
        """Show how far the predictions have come."""
        self.busy.show_busy(stage, fraction, left, tr("Cancel"))
        self._show(self.busy)

    def end_progress(self) -> None:
        """Show the predictions that there were before."""
        self._show(self.table if self._rows else self.empty)
        if self._rows:
            self._tell_count()

    def set_predictions(self, predictions: Sequence[Mapping[str, Any]]) -> None:
        """Show these predictions, least certain first; those without scores as they came."""
        self._rows = [_row(prediction, self._answer) for prediction in predictions]
        self._scored = any(row["score"] is not None for row in self._rows)
        labels = sorted({row["label"] for row in self._rows if row["label"] is not None})
        self.label_filter.set_choices({"": tr("All labels"), **{label: label for label in labels}}, "")
        self.score_filter.set_value(0.0)
        self.table.set_filter(None)
        self.model.set_rows(self._rows)
        self.table.setColumnHidden(2, not self._scored)
        self.table.sortByColumn(2 if self._scored else -1, Qt.SortOrder.AscendingOrder)
        self._tell_count()
        self._show(self.table)
        noted = any(
            "invert" in note["template"].lower() for row in self._rows for note in row["prediction"].get("notes", ())
        )
        self.invert.setVisible(noted or self.invert.isChecked())

    def _filter(self, *_: object) -> None:
        label, least = self.label_filter.value(), float(self.score_filter.value())

        def keep(row: Mapping[str, Any]) -> bool:
            return (not label or row["label"] == label) and (least <= 0 or (row["score"] or 0.0) >= least)

        self.table.set_filter(keep)
        self._tell_count()

    def _tell_count(self) -> None:
        shown, failed = self.table.model().rowCount(), sum(bool(row["reason"]) for row in self._rows)
        text = (
            plural(shown, "{count} input, least certain first", "{count} inputs, least certain first")
            if self._scored
            else plural(shown, "{count} input", "{count} inputs")
        )
        if failed:
            text = f"{text} · {plural(failed, '{count} failed', '{count} failed')}"
        self.count.setText(text)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(dict(self.table.row_at(index.row())))

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the predictions"), "predictions.csv", "CSV (*.csv)")
        if path:
            try:
                self.table.save_csv(path)
            except UserError as error:
                self.failed.emit(error)

    def _show(self, state: QWidget) -> None:
        self.states.setCurrentWidget(state)
        for part in (self.save, self.count):
            part.setVisible(state is self.table)
        for part in (self.label_filter, self.score_filter):
            part.setVisible(state is self.table and self._scored)
        if state is not self.table:
            self.invert.hide()


def _row(prediction: Mapping[str, Any], answer: Callable[[Mapping[str, Any]], str]) -> dict[str, Any]:
    reason = tr(from_plain(prediction["error"])) if has_failed(prediction) else ""
    name = str(prediction["input"])
    return {
        "input": name,
        "file": name.replace("\\", "/").rsplit("/", 1)[-1],
        "label": str(prediction["label"]) if "label" in prediction and not reason else None,
        "answer": reason or answer(prediction),
        "score": float(prediction["score"]) if "score" in prediction and not reason else None,
        "seconds": float(prediction.get("seconds") or 0),
        "reason": reason,
        "prediction": dict(prediction),
    }


def _columns() -> list[Column]:
    return [
        Column("file", tr("File")),
        Column("answer", tr("Prediction")),
        Column("score", tr("Score"), show=figures.percent),
        Column("seconds", tr("Latency"), show=lambda seconds: figures.duration(seconds) if seconds else "–"),
    ]
