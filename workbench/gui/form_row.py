"""One row of a form: label, field, what was measured, what is wrong."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.editors import SwitchEditor, editor_for
from workbench.gui.form_schema import Field
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space


class FieldRow(QWidget):
    """One setting: its label above, its caption and what is wrong with it below."""

    edited = Signal()

    def __init__(self, field: Field, object_name: str) -> None:
        super().__init__()
        self.field = field
        self.editor = editor_for(field)
        self._told = ""
        control = self.editor.control()
        control.setObjectName(object_name)
        title, description = tr(field.title), tr(field.description) if field.description else ""
        control.setAccessibleName(title)
        control.setAccessibleDescription(description)
        control.setToolTip(description)
        control.setWhatsThis(description)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.small)
        if not isinstance(self.editor, SwitchEditor):
            label = QLabel(title.replace("&", "&&"))
            label.setBuddy(control)
            label.setToolTip(description)
            layout.addWidget(label)
        layout.addWidget(self.editor)
        self._caption = _line("caption")
        self._error = _line("error")
        layout.addWidget(self._caption)
        layout.addWidget(self._error)
        self.set_value(field.default)
        self.editor.edited.connect(self._changed)
        self._show_problem()

    def value(self) -> Any:
        """Return the value, or the text as it stands when it is wrong."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show `value`."""
        self.editor.setValue(value)

    def is_default(self) -> bool:
        """Return whether the value is the one that it has when nobody chose any."""
        default, value = self.field.default, self.value()
        return value == (list(default) if isinstance(default, tuple) else default)

    def problem(self) -> str:
        """Return what is wrong, or an empty text."""
        return self.editor.problem() or self._told

    def tell(self, problem: str) -> None:
        """Show what someone else found wrong, until the value is edited."""
        self._told = problem
        self._show_problem()

    def set_caption(self, text: str) -> None:
        """Show a measured or suggested value below the field."""
        self._caption.setText(text)
        self._caption.setVisible(bool(text))

    def set_usable(self, usable: bool, why: str) -> None:
        """Enable or disable the field; while disabled it says why."""
        explain(self.editor.control(), usable, why)
        if self.editor.control() is not self.editor:
            self.editor.setEnabled(usable)

    def _changed(self) -> None:
        self._told = ""
        self._show_problem()
        self.edited.emit()

    def _show_problem(self) -> None:
        problem = self.problem()
        self._error.setText(problem)
        self._error.setVisible(bool(problem))
        control = self.editor.control()
        if bool(control.property("wrong")) != bool(problem):
            control.setProperty("wrong", bool(problem))
            control.style().unpolish(control)
            control.style().polish(control)
        control.setAccessibleDescription(problem or control.whatsThis())


def _line(name: str) -> QLabel:
    label = look(QLabel(), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.hide()
    return label
