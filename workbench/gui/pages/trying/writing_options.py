"""What is chosen about writing on: how many tokens, how bold, from which seed, and where to stop."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.editors import LineEditor
from workbench.gui.form_schema import Field
from workbench.gui.form_texts import Limits
from workbench.gui.theme import look
from workbench.gui.tokens import Space

_COLUMNS = 4


class WritingOptions(QWidget):
    """A small form; `changed` when a value is another one."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editors: dict[str, LineEditor] = {}
        self.stop = QLineEdit()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.inner)
        self._grid.setVerticalSpacing(Space.medium)
        for field in _fields():
            editor = LineEditor(field)
            editor.setValue(field.default)
            editor.edited.connect(self.changed)
            self.editors[field.name] = editor
            self._add(field.title, editor, field.description, f"try.{field.name}")
        self.stop.textChanged.connect(self.changed)
        self._add(tr("Stop at"), self.stop, tr("The text ends before this one."), "try.stop_text")

    def problem(self) -> str:
        """Return what is wrong with the values, or an empty text."""
        wrong = ((editor.field.title, editor.problem()) for editor in self.editors.values())
        return next((f"{title}: {problem}" for title, problem in wrong if problem), "")

    def values(self) -> dict[str, Any]:
        """Return the values as generation.begin takes them."""
        stop = self.stop.text().replace("\\n", "\n")
        return {**{name: editor.value() for name, editor in self.editors.items()}, "stop": [stop] if stop else []}

    def _add(self, title: str, editor: QLineEdit, tip: str, name: str) -> None:
        place = self._grid.count()
        label = look(QLabel(title), "caption")
        label.setBuddy(editor)
        editor.setObjectName(name)
        editor.setAccessibleName(title)
        editor.setToolTip(tip)
        holder = QVBoxLayout()
        holder.setSpacing(Space.small)
        holder.addWidget(label)
        holder.addWidget(editor)
        wide = 2 if editor is self.stop else 1
        self._grid.addLayout(holder, place // _COLUMNS, place % _COLUMNS, 1, wide)


def _fields() -> list[Field]:
    def number(name: str, title: str, tip: str, default: float, limits: Limits) -> Field:
        return Field(name, "number", title, tip, default, limits=limits)

    whole = Limits(whole=True, low=0, high=2**53)
    return [
        number(
            "max_tokens", tr("Tokens"), tr("How many are written at most."), 200, Limits(whole=True, low=1, high=10**6)
        ),
        number(
            "temperature",
            tr("Temperature"),
            tr("Below 1 is safer, above is bolder; 0 always takes the likeliest."),
            0.8,
            Limits(low=0, high=100),
        ),
        number("top_k", tr("Top k"), tr("Choose among so many of the likeliest; 0 is all."), 0, whole),
        number(
            "top_p",
            tr("Top p"),
            tr("Choose among the likeliest that together have this probability."),
            1.0,
            Limits(above=0, high=1),
        ),
        number(
            "repetition_penalty",
            tr("Against repeats"),
            tr("Above 1, what has been written becomes less likely."),
            1.0,
            Limits(low=0.01, high=100),
        ),
        number("seed", tr("Seed"), tr("The same seed gives the same text."), 0, whole),
    ]
