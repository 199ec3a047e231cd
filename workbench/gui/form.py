"""Forms, built from the JSON schema of a settings class: nothing about a setting is declared a second time.

A field is found by its object name `form.<section>.<path>`. Numbers, lists, texts and paths are QLineEdit (`setText`,
`setValue`), choices are QComboBox (`setCurrentText` takes a label or a value, `setValue`), switches are QCheckBox.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from workbench.gui.form_rows import Kinds, Panel
from workbench.gui.form_schema import fields_of

_HELP = QKeySequence.StandardKey.HelpContents


class Form(QWidget):
    """The settings of one section of a recipe.

    section: "data", "architecture" or "training". schema: as `Settings.model_json_schema()` gives it. catalogue: where
    the kinds of chosen things are found: {registry: {kind: {title, summary, schema}}}.

    changed(values) after every edit that leaves no field with a text it cannot read; what a check found wrong stays
    until the field is edited or the next check, and does not hold the edit back that may mend it.
    validity_changed(bool) when there begins or ends to be anything wrong, of either sort.
    """

    changed = Signal(object)
    validity_changed = Signal(bool)

    def __init__(
        self,
        section: str,
        schema: Mapping[str, Any],
        catalogue: Mapping[str, Kinds] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.section = section
        self._catalogue = catalogue or {}
        self._captions: dict[str, str] = {}
        self._usable: set[str] | None = None
        self._why = ""
        self._was_valid = True
        self._silent = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._panel = Panel(fields_of(schema), "", f"form.{section}", self._kinds_of)
        self._panel.edited.connect(self._edited)
        self._panel.rebuilt.connect(self._dress)
        layout.addWidget(self._panel)
        layout.addStretch(1)
        self._dress()

    def describe_again(self, name: str, schema: Mapping[str, Any]) -> None:
        """Show the field called `name` as another schema describes it; its value stays."""
        (field,) = fields_of({"properties": {name: schema}}).shown
        self._panel.replace(field)
        self._announce()

    def values(self) -> dict[str, Any]:
        """Return every value by name; what is wrong stands there as it was typed, so that a check still finds it."""
        return self._panel.values()

    def values_by_path(self) -> dict[str, Any]:
        """Return the value of every field by its path ("optimizer.learning_rate"), as `values` has it."""
        return {path: row.value() for path, row in self._panel.rows()}

    def set_values(self, values: Mapping[str, Any], *, whole: bool = False) -> None:
        """Show the given values without a signal; unknown names are left out.

        whole: what is not named has its default; otherwise it stays.
        """
        self._silent = True
        try:
            if whole:
                self._panel.reset()
            self._panel.set_values(values)
        finally:
            self._silent = False
        self._announce()

    def errors(self) -> dict[str, str]:
        """Return what is wrong, by the path of the field ("optimizer.learning_rate")."""
        return {path: row.problem() for path, row in self._panel.rows() if row.problem()}

    def valid(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.errors()

    def mistaken(self) -> bool:
        """Return whether a field has a text that it cannot read, whatever a check found beside that."""
        return any(row.editor.problem() for _, row in self._panel.rows())

    def show_errors(self, errors: Mapping[str, str]) -> list[str]:
        """Show what a check found below the fields it concerns; returns the paths that have no field here.

        A path may begin with the section's name. Texts that are no longer named go away.
        """
        wanted = {path.removeprefix(f"{self.section}."): text for path, text in errors.items()}
        rows = dict(self._panel.rows())
        for path, row in rows.items():
            row.tell(wanted.get(path, ""))
        for path in wanted:
            if path in rows:
                self._panel.reveal(path)
        self._announce()
        return [path for path in wanted if path not in rows]

    def set_caption(self, path: str, text: str) -> None:
        """Show a measured or suggested value below the field at `path`."""
        self._captions[path] = text
        for found, row in self._panel.rows():
            if found == path:
                row.set_caption(text)

    def caption(self, path: str) -> str:
        """Return what is shown below the field at `path`."""
        return self._captions.get(path, "")

    def set_enabled_fields(self, paths: Iterable[str] | None, why: str = "") -> None:
        """Allow only the fields at `paths` (with all below them) to be edited; None allows all. The others say why."""
        self._usable = None if paths is None else set(paths)
        self._why = why
        self._dress()

    def field(self, path: str) -> QWidget | None:
        """Return the widget that has the value at `path`, or None."""
        return next((row.editor.control() for found, row in self._panel.rows() if found == path), None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show what a field means when F1 is pressed in it."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.matches(_HELP)
        if not pressed or not isinstance(watched, QWidget) or not watched.toolTip():
            return False
        QToolTip.showText(watched.mapToGlobal(watched.rect().bottomLeft()), watched.toolTip(), watched)
        return True

    def _kinds_of(self, registry: str) -> Kinds:
        last = registry.rpartition(".")[2]
        return next((self._catalogue[name] for name in (registry, last, f"{last}s") if name in self._catalogue), {})

    def _edited(self) -> None:
        if self._silent:
            return
        self._announce()
        if not self.mistaken():
            self.changed.emit(self.values())

    def _announce(self) -> None:
        valid = self.valid()
        if valid != self._was_valid:
            self._was_valid = valid
            self.validity_changed.emit(valid)

    def _dress(self) -> None:
        """Give fields, also those just built, their captions, their state and their help."""
        for path, row in self._panel.rows():
            row.editor.control().installEventFilter(self)
            row.set_caption(self._captions.get(path, ""))
            usable = self._usable is None or any(path == name or path.startswith(f"{name}.") for name in self._usable)
            row.set_usable(usable, self._why)
