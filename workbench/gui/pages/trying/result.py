"""What the model says about one input: an answer in a line, more below it, and what is odd about the input."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import LevelMark
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import ToggleChip
from workbench.gui.widgets.elided_label import ElidedLabel


class Result(Card):
    """Empty, waiting, an answer, or the reason why there is none.

    A task has a class of its own that overrides `answer` and `show_answer`, and puts what it draws into `room`.
    error_hint: what to bring instead of an input that cannot be read.
    """

    again_wanted = Signal()  # the options were changed: ask once more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Prediction"), parent=parent)
        self.setObjectName("try.result")
        self.error_hint = ""
        self.line = self._make_line()
        self.room = QVBoxLayout()
        self.room.setSpacing(Space.medium)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.invert = ToggleChip(tr("Invert"))
        self.invert.setObjectName("try.invert")
        self.invert.setToolTip(tr("Swaps light and dark before the model looks."))
        self.invert.toggled.connect(lambda _: self.again_wanted.emit())
        self.notes = QVBoxLayout()
        self.notes.setSpacing(Space.small)
        self.add(self.line)
        self.body.addLayout(self.room)
        self.add(self.message)
        remarks = QHBoxLayout()
        remarks.setSpacing(Space.medium)
        remarks.addLayout(self.notes, 1)
        remarks.addWidget(self.invert, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(remarks)
        self.line.hide()
        self._say(tr("The answer appears here."))
        self.invert.hide()

    # What a task has in its own way

    def set_engine(self, engine: Any) -> None:
        """Know whom to ask for more than the prediction itself."""

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        """Know whose predictions are shown; description: what prediction.describe answered."""

    def show_given(self, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Know what is asked about, for what is shown beside the prediction."""

    def answer(self, prediction: Mapping[str, Any]) -> str:
        """Return a prediction in a few words: the line here, and the cell in the table of many."""
        return answer_in_words(prediction)

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        """Show a prediction; sample: what prediction.sample answered, with the truth, or empty for other inputs."""
        self.show_line(self.answer(prediction), taken(prediction))

    def clear_answer(self) -> None:
        """Put away what `show_answer` has drawn into `room`."""

    # What the panel asks of it

    def show_nothing(self, text: str = "") -> None:
        """Show no answer yet."""
        self._empty()
        self._say(text or tr("The answer appears here."))
        self.forget_options()

    def show_waiting(self) -> None:
        """Show that the answer is on its way; the former one stays until it is there."""
        self.set_note(tr("…"))

    def show_prediction(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        """Show one of those that prediction.predict answers, or why it could not be made."""
        self._empty()
        if has_failed(prediction):
            hint = tr(from_plain(prediction["hint"])) or self.error_hint
            self.show_error(f"{tr(from_plain(prediction['error']))} {hint}".strip())
            return
        self.message.hide()
        self.show_answer(prediction, sample)
        notes = [dict(note) for note in prediction.get("notes", ())]
        for note in notes:
            self._add_note(tr(from_plain(note)))
        self.invert.setVisible(self.invert.isChecked() or any(about_inversion(note) for note in notes))
        self.setAccessibleDescription(f"{self.label.text()}, {self.score.text()}")

    def show_error(self, text: str) -> None:
        """Say why there is no answer."""
        self._empty()
        self._say(text, wrong=True)

    def options(self) -> dict[str, Any]:
        """Return how the model is to be asked, as further arguments of prediction.predict."""
        return {"invert": self.invert.isChecked()}

    def forget_options(self) -> None:
        """Take the next input as it is."""
        blocked = self.invert.blockSignals(True)
        self.invert.setChecked(False)
        self.invert.blockSignals(blocked)
        self.invert.hide()

    # What a task builds its answer of

    def show_line(self, label: str, small: str = "", truth: str = "", right: bool | None = None) -> None:
        """Show the answer in large type, something small beside it, and at the right what is true.

        right: whether the answer is, for the sign before the truth; None where that is no matter of yes or no.
        """
        self.label.setText(label)
        self.score.setText(small)
        self.truth.setText(truth)
        self._right.setVisible(right is True)
        self._wrong.setVisible(right is False)
        self.line.show()

    def _make_line(self) -> QWidget:
        self.label = look(ElidedLabel(), "figure")
        self.label.setObjectName("try.label")
        self.score = look(QLabel(), "muted")
        self.truth = QLabel()
        self.truth.setObjectName("try.truth")
        self._right, self._wrong = LevelMark("good"), LevelMark("error")
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.medium + 2)
        row.addWidget(self.label)
        row.addWidget(self.score, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self._right)
        row.addWidget(self._wrong)
        row.addWidget(self.truth, 0, Qt.AlignmentFlag.AlignVCenter)
        return line

    def _empty(self) -> None:
        self.set_note("")
        self.clear_answer()
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


def has_failed(prediction: Mapping[str, Any]) -> bool:
    """Return whether there are words why there is no prediction; the error of a reconstruction is a number."""
    return isinstance(prediction.get("error"), Mapping)


def answer_in_words(prediction: Mapping[str, Any]) -> str:
    """Return whatever a prediction holds: label, value, values or error of a reconstruction."""
    match prediction:
        case {"label": str(label)} if label:
            return label
        case {"value": int() | float() as value}:
            return figures.number(value)
        case {"values": [*values]} if all(isinstance(value, int | float) for value in values):
            return "  ".join(figures.number(value) for value in values)
        case {"error": int() | float() as error}:
            return figures.number(error)
    return "–"


def taken(prediction: Mapping[str, Any]) -> str:
    """Return how long a prediction took, or nothing where that is not known."""
    seconds = float(prediction.get("seconds") or 0)
    return figures.duration(seconds) if seconds else ""


def about_inversion(note: Mapping[str, Any]) -> bool:
    """Return whether a note about an image says that it looks inverted."""
    return "invert" in str(note["template"]).lower()
