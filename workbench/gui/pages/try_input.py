"""What the model is asked about: an image as it sees it, a drawing, or a text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.pages.data_images import decoded
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import Chip, ToggleChip
from workbench.gui.widgets.drawing_pad import DrawingPad
from workbench.gui.widgets.drop_area import DropArea
from workbench.gui.widgets.image_view import ImageView

_PAUSE = 350  # milliseconds without a key before a text is predicted
_LARGEST = 4096  # pixels a side: larger originals are shown reduced


class TryInput(Card):
    """One input at a time, with the ways to bring another."""

    drawn = Signal(QImage)
    text_changed = Signal(str)  # after a pause in typing, or when Predict is pressed
    open_wanted = Signal()
    sample_wanted = Signal()
    pad_opened = Signal()
    files_dropped = Signal(list)
    image_dropped = Signal(QImage)
    text_dropped = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Input"), parent=parent)
        self._seen: QImage | None = None
        self._original: QImage | None = None
        self._about = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._tell_text)
        self.original = ToggleChip(tr("Original"))
        self.original.setObjectName("try.original")
        self.original.setToolTip(tr("Shows the image as it is, not as the model sees it."))
        self.original.toggled.connect(self._show_image)
        self.clear = Chip(tr("Clear"))
        self.clear.setToolTip(tr("Empties the drawing pad."))
        self.clear.clicked.connect(self.show_pad)
        self.add_action(self.original)
        self.add_action(self.clear)
        self.view = ImageView()
        self.view.setObjectName("try.image")
        self.pad = DrawingPad()
        self.pad.setObjectName("try.pad")
        self.pad.drawn.connect(self.drawn)
        self.stack = QStackedWidget()
        for page in (QWidget(), self.view, self.pad, self._make_text()):
            self.stack.addWidget(page)
        self.drop = DropArea(tr("Drop an image here"), tr("Or many, or a folder of them. Ctrl+V pastes one."), "image")
        self.drop.setObjectName("try.drop")
        self.drop.body.setContentsMargins(0, 0, 0, 0)
        self.drop.files_dropped.connect(self.files_dropped)
        self.drop.image_dropped.connect(self.image_dropped)
        self.drop.text_dropped.connect(self.text_dropped)
        self.stack.setParent(self.drop)  # also while the drop area invites and the stack is not in its layout
        self.stack.hide()
        self.add(self.drop, 1)
        self.body.addLayout(self._make_ways())
        self.set_kind("image")

    def set_kind(self, kind: str) -> None:
        """Take images or texts: what the chosen model reads."""
        is_text = kind == "text"
        self._text_page.setVisible(is_text)
        self.draw.setVisible(not is_text)
        self.predict.setVisible(is_text)
        self.set_title(tr("Text") if is_text else tr("Image"))
        self.show_nothing()
        if is_text:
            self._show(self._text_page)

    def show_nothing(self) -> None:
        """Invite to bring an image."""
        self._seen = self._original = None
        self._show(None)
        self.set_note("")

    def show_image(self, name: str, seen: Mapping[str, Any] | None, original: QImage | None) -> None:
        """Show an image under its name; seen: what prediction.seen answered, None while it is not there."""
        self._original = original
        pixels = decoded(dict(seen)) if seen else None
        self._seen = None
        if pixels is not None:
            self.view.set_image(pixels, tr("{name} as the model sees it", name=name))
            self._seen = self.view.image()
        self._about = name
        if self.stack.currentWidget() is not self.pad or self.drop_shows() is not self.stack:
            self._show(self.view)
        self._show_image()

    def show_text(self, text: str) -> None:
        """Put `text` into the box without asking about it."""
        blocked = self.text.blockSignals(True)
        self.text.setPlainText(text)
        self.text.blockSignals(blocked)

    def show_pad(self) -> None:
        """Offer the drawing pad."""
        self.pad.clear()
        self._show(self.pad)
        self.set_title(tr("Drawing"))
        self.set_note(tr("The model answers after every stroke."))
        self.pad.setFocus()
        self.pad_opened.emit()

    def drop_shows(self) -> QWidget | None:
        """Return what stands in the drop area: the input, or None while it invites."""
        return self._shown

    def _make_text(self) -> QWidget:
        self.text = QPlainTextEdit()
        self.text.setObjectName("try.text")
        self.text.setAccessibleName(tr("Text to predict"))
        self.text.setPlaceholderText(tr("Type or paste a text. The model answers when you pause."))
        self.text.setTabChangesFocus(True)
        self.text.setAcceptDrops(False)  # the area around it takes files as well as text
        self.text.textChanged.connect(self._pause.start)
        QShortcut(QKeySequence("Ctrl+Return"), self.text).activated.connect(self._tell_text)
        self._text_page = QWidget()
        layout = QVBoxLayout(self._text_page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        return self._text_page

    def _make_ways(self) -> QHBoxLayout:
        self.open = button(tr("Open…"), "folder-open", tr("Opens one file or many."))
        self.open.setObjectName("try.open")
        self.open.setAccessibleName(tr("Open"))
        self.open.clicked.connect(self.open_wanted)
        self.sample = button(
            tr("From the test set"), "shuffle", tr("Takes a sample that the model has not learned from.")
        )
        self.sample.setObjectName("try.sample")
        self.sample.setAccessibleName(tr("From the test set"))
        self.sample.clicked.connect(self.sample_wanted)
        self.draw = button(tr("Draw"), "pencil-simple", tr("Draw a sign for the model to read."))
        self.draw.setObjectName("try.draw")
        self.draw.clicked.connect(self.show_pad)
        self.predict = primary_button(tr("Predict"))
        self.predict.setObjectName("try.predict")
        self.predict.setAccessibleName(tr("Predict"))
        self.predict.clicked.connect(self._tell_text)
        line = QHBoxLayout()
        line.setSpacing(Space.medium)
        for widget in (self.open, self.sample, self.draw):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.predict)
        return line

    def _show(self, widget: QWidget | None) -> None:
        self._shown = self.stack if widget is not None else None
        if widget is not None:
            self.stack.setCurrentWidget(widget)
        self.drop.set_content(self._shown)
        self.original.setVisible(widget is self.view)
        self.clear.setVisible(widget is self.pad)

    def _show_image(self) -> None:
        if self.stack.currentWidget() is self.pad:
            return
        self.original.setEnabled(self._original is not None)
        as_it_is = self._original is not None and (self.original.isChecked() or self._seen is None)
        image = self._original if as_it_is else self._seen
        if image is not None:
            size = f"{image.width()} × {image.height()}"
            self.set_note(
                tr("{size} · as it is", size=size) if as_it_is else tr("{size} · as the model sees it", size=size)
            )
            self.view.set_image(image, self._about)
        self.set_title(self._about)

    def _tell_text(self) -> None:
        self._pause.stop()
        self.text_changed.emit(self.text.toPlainText())


def read_image(path: str | Path) -> QImage | None:
    """Return the image at `path` the right way up and no larger than a screen needs, or None when Qt cannot read it."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _LARGEST:
        reader.setScaledSize(size.scaled(_LARGEST, _LARGEST, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image
