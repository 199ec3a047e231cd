"""Tags and note of one run, which belong to the person."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget

from workbench.core.words import tr
from workbench.gui.widgets.card import Card


class RunsNotes(Card):
    """Two fields; noted(name of the run, {"tags": […]} or {"note": …}) when one of them was edited and left."""

    noted = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._row: Mapping[str, Any] = {}
        self.tags = QLineEdit()
        self.tags.setObjectName("runs.tags")
        self.tags.setPlaceholderText(tr("baseline, to keep"))
        self.tags.editingFinished.connect(self._save_tags)
        self.note = QPlainTextEdit()
        self.note.setObjectName("runs.note")
        self.note.setPlaceholderText(tr("What you want to remember about this run"))
        self.note.installEventFilter(self)
        for title, widget in ((tr("Tags"), self.tags), (tr("Note"), self.note)):
            widget.setAccessibleName(title)
            label = QLabel(title)
            label.setBuddy(widget)
            self.add(label)
            self.add(widget, 1 if widget is self.note else 0)
        self.setFixedWidth(200)

    def show_run(self, row: Mapping[str, Any]) -> None:
        """Show tags and note of this run, unless the person is writing in them."""
        if row.get("name") != self._row.get("name"):
            self.leave()
        elif self.tags.hasFocus() or self.note.hasFocus():
            return
        self._row = row
        self.tags.setText(", ".join(row.get("tags", ())))
        self.note.setPlainText(str(row.get("note", "")))

    def leave(self) -> None:
        """Keep what was written."""
        if self._row:
            self._save_tags()
            self._save_note()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.note and event.type() == QEvent.Type.FocusOut:
            self._save_note()
        return False

    def _save_tags(self) -> None:
        tags = [part.strip() for part in self.tags.text().replace("，", ",").split(",") if part.strip()]
        if self._row and tags != list(self._row["tags"]):
            self._row = {**self._row, "tags": tags}
            self.noted.emit(self._row["name"], {"tags": tags})

    def _save_note(self) -> None:
        note = self.note.toPlainText()
        if self._row and note != self._row["note"]:
            self._row = {**self._row, "note": note}
            self.noted.emit(self._row["name"], {"note": note})
