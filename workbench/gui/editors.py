"""The fields of a form: each shows one value, says what is wrong with it, and tells when it changes."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from workbench.core.errors import UserError
from workbench.core.words import listed, tr
from workbench.gui.form_schema import Field
from workbench.gui.form_texts import read_list, read_number, read_text, read_word, stepped, written
from workbench.gui.icons import icon
from workbench.gui.theme import look, tabular
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.switch import Switch

_AUTO = "auto"  # as recipes have it


class LineEditor(QLineEdit):
    """A line for a number, a list or a text; arrow keys step numbers, and so does the wheel while it has the focus."""

    edited = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self._unit = look(QLabel(tr(field.hint["unit"]), self), "muted") if field.hint.get("unit") else None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(tabular(self.font()))
        self._words = {word: tr(field.label(word)) for word in field.words}
        if field.words:
            self._offer_words()
        self.textChanged.connect(self.edited)

    def control(self) -> QWidget:
        """Return the widget that has the value: the line itself."""
        return self

    def value(self) -> Any:
        """Return the value, or the text as it stands when it cannot be read."""
        try:
            return self._read()
        except UserError:
            return self.text()

    def setValue(self, value: Any) -> None:
        """Show `value`."""
        word = self._words.get(value) if isinstance(value, str) else None
        self.setText(word or written(value))

    def problem(self) -> str:
        """Return what is wrong with the text, or an empty text."""
        try:
            self._read()
        except UserError as error:
            return error.translated()
        return ""

    def minimumSizeHint(self) -> QSize:
        return QSize(60, super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}
        step = steps.get(Qt.Key(event.key())) if event.key() in {key.value for key in steps} else None
        if step is None or not self._step(step):
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y()
        if self.hasFocus() and turns and self._step(1 if turns > 0 else -1):
            event.accept()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._unit is not None:
            self._unit.adjustSize()
            width = self._unit.width()
            self.setTextMargins(0, 0, width + 4, 0)
            self._unit.move(self.width() - width - 10, (self.height() - self._unit.height()) // 2)

    def _read(self) -> Any:
        field, text = self.field, self.text()
        word = read_word(text, self._words)
        if word is not None:
            return word
        if field.kind == "number":
            return read_number(text, field.limits, tuple(self._words.values()))
        if field.kind == "list":
            return read_list(text, field.of, field.limits, field.fewest, field.most)
        return read_text(text, field.fewest, field.most)

    def _step(self, steps: int) -> bool:
        value = self.value()
        if self.field.kind != "number" or self.isReadOnly() or isinstance(value, str):
            return False
        self.setValue(stepped(value, steps, self.field.limits, bool(self.field.hint.get("log"))))
        self.selectAll()
        return True

    def _offer_words(self) -> None:
        if self.field.kind == "number":
            self.setPlaceholderText(tr("A number, or {words}.", words=listed(list(self._words.values()))))
        if self._unit is None and _AUTO in self._words:
            action = self.addAction(icon("arrow-counter-clockwise", "muted"), QLineEdit.ActionPosition.TrailingPosition)
            action.setToolTip(tr("Set it to {word}", word=self._words[_AUTO]))
            action.triggered.connect(lambda: self.setValue(_AUTO))


class ChoiceEditor(Combo):
    """A combo box of labelled values; a value that is not offered is kept and said to be wrong."""

    edited = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self._foreign: Any = None
        for value, label in field.choices:
            self.addItem(tr(label), value)
        self.currentIndexChanged.connect(self._changed)

    def control(self) -> QWidget:
        """Return the widget that has the value: the box itself."""
        return self

    def value(self) -> Any:
        """Return the chosen value."""
        return super().value() if self._foreign is None else self._foreign

    def setValue(self, value: Any) -> bool:
        """Choose `value`; one that is not offered is kept, and `problem` says so."""
        if super().setValue(value):
            if self._foreign is not None:
                self._foreign = None
                self.edited.emit()
            return True
        self._foreign = value
        self.setPlaceholderText(str(value))
        self.blockSignals(True)
        self.setCurrentIndex(-1)  # so that choosing any of those offered is a change
        self.blockSignals(False)
        self.edited.emit()
        return False

    def problem(self) -> str:
        """Return what is wrong with the value, or an empty text."""
        return "" if self._foreign is None else tr("{value} is not one of the choices.", value=self._foreign)

    def _changed(self) -> None:
        self._foreign = None
        self.edited.emit()


class SwitchEditor(Switch):
    """On or off; the title stands beside it."""

    edited = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__(tr(field.title))
        self.field = field
        self.toggled.connect(self.edited)

    def control(self) -> QWidget:
        """Return the widget that has the value: the switch itself."""
        return self

    def value(self) -> bool:
        """Return whether it is on."""
        return self.isChecked()

    def setValue(self, value: Any) -> None:
        """Turn it on or off."""
        self.setChecked(bool(value))

    def problem(self) -> str:
        """Return an empty text: a switch is never wrong."""
        return ""


class PathEditor(QWidget):
    """A line for a path with a button that opens a file dialog."""

    edited = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self._line = LineEditor(field)
        self._line.edited.connect(self.edited)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self._line, 1)
        choose = button("", "folder-open", tr("Choose…"))
        choose.setAccessibleName(tr("Choose…"))
        choose.setFixedWidth(40)
        choose.clicked.connect(self._choose)
        layout.addWidget(choose)

    def control(self) -> QWidget:
        """Return the widget that has the value: the line."""
        return self._line

    def value(self) -> str:
        """Return the path as it was typed or chosen."""
        return self._line.value()

    def setValue(self, value: Any) -> None:
        """Show a path."""
        self._line.setValue(value)

    def problem(self) -> str:
        """Return what is wrong with the path's text, or an empty text."""
        return self._line.problem()

    def _choose(self) -> None:
        if self.field.hint.get("chooser") == "folder":
            path = QFileDialog.getExistingDirectory(self, tr(self.field.title), self._line.text())
        else:
            path, _ = QFileDialog.getOpenFileName(self, tr(self.field.title), self._line.text())
        if path:
            self._line.setText(path)


Editor = LineEditor | ChoiceEditor | SwitchEditor | PathEditor

_EDITORS: dict[str, Callable[[Field], Editor]] = {
    "number": LineEditor,
    "list": LineEditor,
    "text": LineEditor,
    "path": PathEditor,
    "choice": ChoiceEditor,
    "registry": ChoiceEditor,
    "switch": SwitchEditor,
}


def editor_for(field: Field) -> Editor:
    """Return the editor for `field`."""
    return _EDITORS[field.kind](field)
