"""A text for a model: typed, pasted, dropped, or read from a plain text file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.widgets.buttons import primary_button

_PAUSE = 350  # milliseconds without a key before a text is predicted
_PLAIN_TEXT = (".txt", ".text", ".md")
_LONGEST_TEXT = 1_000_000  # bytes of a text file that go into the box


class TextInput(Input):
    """A box of text; what is in it is predicted after a pause in typing, or when Predict is pressed."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.line = tr("Type a text, or drop one anywhere on this page.")
        self.many_hint = tr("Drop text files, or a table with a column of texts.")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._tell)
        self.text = QPlainTextEdit()
        self.text.setObjectName("try.text")
        self.text.setAccessibleName(tr("Text to predict"))
        self.text.setPlaceholderText(tr("Type or paste a text. The model answers when you pause."))
        self.text.setTabChangesFocus(True)
        self.text.setAcceptDrops(False)  # the area around it takes files as well as text
        self.text.textChanged.connect(self._pause.start)
        QShortcut(QKeySequence("Ctrl+Return"), self.text).activated.connect(self._tell)
        self.act = primary_button(tr("Predict"))
        self.act.setObjectName("try.predict")
        self.act.setAccessibleName(tr("Predict"))
        self.act.clicked.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)

    def begin(self) -> None:
        self.headed.emit(tr("Text"), "")
        self.occupied.emit(True)

    def file_kinds(self) -> str:
        return tr("Texts and tables ({endings})", endings="*.txt *.md *.csv *.tsv *.jsonl *.parquet")

    def take_file(self, path: str) -> None:
        """Put a short plain text into the box; the rest, missing files too, is the batch's to read or to refuse."""
        file = Path(path)
        try:
            short = file.suffix.lower() in _PLAIN_TEXT and file.stat().st_size <= _LONGEST_TEXT
            text = file.read_text(encoding="utf-8-sig") if short else None
        except (OSError, UnicodeDecodeError):  # other encodings are told apart where it is predicted
            text = None
        if text is None:
            self.many_came.emit([path])
        else:
            self.take_text(text)

    def take_text(self, text: str) -> None:
        self._put(text)
        self._tell()

    def take_image(self, image: QImage) -> None:
        self.refused.emit(tr("This model reads texts, not images."))

    def show_given(self, given: Mapping[str, Any], name: str) -> None:
        if "text" in given:
            self._put(str(given["text"]))

    def _put(self, text: str) -> None:
        blocked = self.text.blockSignals(True)
        self.text.setPlainText(text)
        self.text.blockSignals(blocked)

    def _tell(self) -> None:
        self._pause.stop()
        text = self.text.toPlainText()
        if text.strip():
            self.given.emit({"text": text}, tr("Text"))
        else:
            self.emptied.emit()
