"""An image for a model: dropped, opened or drawn, shown as the model sees it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.latest import Latest
from workbench.gui.pages.data_images import decoded
from workbench.gui.pages.trying.images import encoded, image_from, read_image
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chips import Chip, ToggleChip
from workbench.gui.widgets.drawing_pad import DrawingPad
from workbench.gui.widgets.image_view import ImageView


class ImageInput(Input):
    """One image at a time, or a pad to draw one on."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.line = tr("Drop images anywhere on this page.")
        self.error_hint = tr("Choose other images: PNG, JPEG, WebP, BMP, TIFF or GIF.")
        self.invitation = (
            tr("Drop an image here"), tr("Or many, or a folder of them. Ctrl+V pastes one."), "image"
        )  # fmt: skip
        self._run = ""
        self._name = ""
        self._seen: QImage | None = None
        self._original: QImage | None = None
        self._views = Latest(engine, "prediction.seen", 0, self)
        self._views.answered.connect(lambda answer, _: self._show_as_seen(answer))
        self._views.failed.connect(lambda *_: self._show_as_seen(None))
        self.original = ToggleChip(tr("Original"))
        self.original.setObjectName("try.original")
        self.original.setToolTip(tr("Shows the image as it is, not as the model sees it."))
        self.original.toggled.connect(self._draw)
        self.clear = Chip(tr("Clear"))
        self.clear.setToolTip(tr("Empties the drawing pad."))
        self.clear.clicked.connect(self._show_pad)
        self.chips = (self.original, self.clear)
        pencil = button(tr("Draw"), "pencil-simple", tr("Draw a sign for the model to read."))
        pencil.setObjectName("try.draw")
        pencil.clicked.connect(self._show_pad)
        self.ways = (pencil,)
        self.view = ImageView()
        self.view.setObjectName("try.image")
        self.pad = DrawingPad()
        self.pad.setObjectName("try.pad")
        self.pad.drawn.connect(self._take_drawing)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.pad)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)

    def begin(self) -> None:
        self._show(None)
        self.headed.emit(tr("Image"), "")

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        self._run = run

    def file_kinds(self) -> str:
        return tr("Images ({endings})", endings="*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif")

    def take_file(self, path: str) -> None:
        self._take({"path": path}, Path(path).name, read_image(path))

    def take_image(self, image: QImage) -> None:
        self._take({"image": encoded(image)}, tr("Pasted image"), image)

    def take_text(self, text: str) -> None:
        self.refused.emit(tr("This model reads images, not texts."))

    def show_given(self, given: Mapping[str, Any], name: str) -> None:
        self._name = name
        self._original = image_from(str(given["image"])) if "image" in given else read_image(str(given["path"]))
        self._leave_pad()

    def show_seen(self, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        self._views.ask({"run": self._run, "input": dict(given), "invert": bool(options.get("invert"))})

    def stop(self) -> None:
        self._views.forget()

    def _take(self, given: dict[str, Any], name: str, original: QImage | None) -> None:
        self._name, self._original = name, original
        self._leave_pad()
        self.given.emit(given, name)

    def _take_drawing(self, image: QImage) -> None:
        self._name, self._original = tr("Drawing"), image
        self.given.emit({"image": encoded(image)}, self._name)

    def _show_pad(self) -> None:
        self._views.forget()
        self.pad.clear()
        self._show(self.pad)
        self.headed.emit(tr("Drawing"), tr("The model answers after every stroke."))
        self.pad.setFocus()
        self.emptied.emit()

    def _leave_pad(self) -> None:
        """Let the next image be shown in place of the drawing pad."""
        if self.stack.currentWidget() is self.pad:
            self.stack.setCurrentWidget(self.view)

    def _show_as_seen(self, seen: Mapping[str, Any] | None) -> None:
        """seen: what prediction.seen answered; None when there is no such view."""
        self._seen = None
        if self.stack.currentWidget() is self.pad:
            return
        if seen:
            self.view.set_image(decoded(dict(seen)), tr("{name} as the model sees it", name=self._name))
            self._seen = self.view.image()
        self._show(self.view)
        self._draw()

    def _show(self, widget: QWidget | None) -> None:
        if widget is not None:
            self.stack.setCurrentWidget(widget)
        self.occupied.emit(widget is not None)
        self.original.setVisible(widget is self.view)
        self.clear.setVisible(widget is self.pad)

    def _draw(self) -> None:
        self.original.setEnabled(self._original is not None)
        as_it_is = self._original is not None and (self.original.isChecked() or self._seen is None)
        image = self._original if as_it_is else self._seen
        note = ""
        if image is not None:
            size = f"{image.width()} × {image.height()}"
            note = tr("{size} · as it is", size=size) if as_it_is else tr("{size} · as the model sees it", size=size)
            self.view.set_image(image, self._name)
        self.headed.emit(self._name, note)
