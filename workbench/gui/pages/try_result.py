"""What the model says about one input: label, score, the runners-up, and what is odd about the input."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import LevelMark
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import ToggleChip
from workbench.gui.widgets.elided_label import ElidedLabel


class TryResult(Card):
    """Empty, waiting, an answer, or the reason why there is none."""

    invert_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Prediction"), parent=parent)
        self._kind = ""
        self.label = look(ElidedLabel(), "figure")
        self.label.setObjectName("try.label")
        self.score = look(QLabel(), "muted")
        self.truth = QLabel()
        self.truth.setObjectName("try.truth")
        self._right, self._wrong = LevelMark("good"), LevelMark("error")
        self.line = QWidget()
        line = QHBoxLayout(self.line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(Space.medium + 2)
        line.addWidget(self.label)
        line.addWidget(self.score, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)
        line.addWidget(self._right)
        line.addWidget(self._wrong)
        line.addWidget(self.truth, 0, Qt.AlignmentFlag.AlignVCenter)
        self.bars = Bars()
        self.bars.setObjectName("try.bars")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.invert = ToggleChip(tr("Invert"))
        self.invert.setObjectName("try.invert")
        self.invert.setToolTip(tr("Swaps light and dark before the model looks."))
        self.invert.toggled.connect(self.invert_changed)
        self.notes = QVBoxLayout()
        self.notes.setSpacing(Space.small)
        self.add(self.line)
        self.add(self.bars)
        self.add(self.message)
        remarks = QHBoxLayout()
        remarks.setSpacing(Space.medium)
        remarks.addLayout(self.notes, 1)
        remarks.addWidget(self.invert, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(remarks)
        self.show_nothing()

    def set_kind(self, kind: str) -> None:
        """Know what the model reads, "image" or "text": that is what another input would have to be."""
        self._kind = kind

    def show_nothing(self, text: str = "") -> None:
        """Show no answer yet."""
        self._empty()
        self._say(text or tr("The answer appears here."))
        self.invert.hide()
        self._uncheck()

    def show_waiting(self) -> None:
        """Show that the answer is on its way; the former one stays until it is there."""
        self.set_note(tr("…"))

    def show_prediction(self, prediction: Mapping[str, Any], truth: str = "") -> None:
        """prediction: one of those that prediction.predict answers. truth: the true label, where it is known."""
        self._empty()
        if prediction.get("error"):
            hint = tr("Choose other images: PNG, JPEG, WebP, BMP, TIFF or GIF.") if self._kind == "image" else ""
            self.show_error(f"{tr(from_plain(prediction['error']))} {hint}".strip())
            return
        self.message.hide()
        self.line.show()
        label, score = str(prediction["label"]), float(prediction["score"])
        self.label.setText(label)
        seconds = prediction.get("seconds")
        shown = {"score": figures.percent(score), "time": figures.duration(float(seconds or 0))}
        self.score.setText(tr("{score} · {time}", **shown) if seconds else shown["score"])
        self._right.setVisible(truth == label)
        self._wrong.setVisible(truth not in ("", label))
        if truth:
            right = truth == label
            self.truth.setText(
                tr("Right: it is {label}", label=truth) if right else tr("Wrong: it is {label}", label=truth)
            )
        self.bars.set_bars([(str(entry["label"]), float(entry["score"])) for entry in prediction["top"]])
        self.bars.show()
        notes = [dict(note) for note in prediction.get("notes", ())]
        for note in notes:
            self._add_note(tr(from_plain(note)))
        self.invert.setVisible(self.invert.isChecked() or any(_about_inversion(note) for note in notes))
        self.setAccessibleDescription(f"{label}, {self.score.text()}")

    def show_error(self, text: str) -> None:
        """Say why there is no answer."""
        self._empty()
        self._say(text, wrong=True)

    def inverts(self) -> bool:
        """Return whether light and dark are to be swapped."""
        return self.invert.isChecked()

    def forget_inversion(self) -> None:
        """Take the next input as it is."""
        self._uncheck()
        self.invert.hide()

    def _empty(self) -> None:
        self.set_note("")
        self.bars.hide()
        self.line.hide()
        for label in (self.label, self.score, self.truth):
            label.setText("")
        while (item := self.notes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _say(self, text: str, wrong: bool = False) -> None:
        look(self.message, "error" if wrong else "muted")
        self.message.setText(text)
        self.message.show()

    def _add_note(self, text: str) -> None:
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        words = QLabel(text)
        words.setWordWrap(True)
        layout.addWidget(LevelMark("warning"), 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(words, 1)
        line.setAccessibleName(text)
        self.notes.addWidget(line)

    def _uncheck(self) -> None:
        blocked = self.invert.blockSignals(True)
        self.invert.setChecked(False)
        self.invert.blockSignals(blocked)


def _about_inversion(note: Mapping[str, Any]) -> bool:
    return "invert" in str(note["template"]).lower()
