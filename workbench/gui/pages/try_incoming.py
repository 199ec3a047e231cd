"""What comes to be tried, from wherever it comes: drops, the clipboard, a file dialog."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.words import tr
from workbench.gui.pages.trying import Panel
from workbench.gui.widgets.drop_area import Drops


class Incoming(QObject):
    """Hands everything to the panel; files that come before the model has said what it reads wait for it."""

    came = Signal()  # something that the panel takes now

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._panel: Panel | None = None
        self._waiting: list[str] = []
        self._drops = Drops(page)
        self.listen(self._drops)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), page)
        paste.activated.connect(lambda: self._drops.take(QGuiApplication.clipboard().mimeData()))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Open), page).activated.connect(self.choose_files)

    def listen(self, drops: object) -> None:
        """Take what is dropped there: anything with files_dropped, image_dropped and text_dropped."""
        for name, take in (("files", self.take_files), ("image", self.take_image), ("text", self.take_text)):
            getattr(drops, f"{name}_dropped").connect(take)

    def set_panel(self, panel: Panel | None) -> None:
        """Hand over to this panel, at once what has waited; None: wait for the next one."""
        self._panel = panel
        if panel is not None:
            waiting, self._waiting = self._waiting, []
            self.take_files(waiting)

    def take_files(self, paths: Sequence[str | Path]) -> None:
        """Take one file, or many, or everything in a folder."""
        given = [str(path) for path in paths]
        if self._panel is None:
            self._waiting = given
        elif given:
            self.came.emit()
            self._panel.take(given)

    def take_image(self, image: QImage) -> None:
        """Take an image that was pasted or dropped."""
        if self._panel is not None:
            self.came.emit()
            self._panel.take_image(image)

    def take_text(self, text: str) -> None:
        """Take a text that was pasted or dropped."""
        if self._panel is not None:
            self.came.emit()
            self._panel.take_text(text)

    def choose_files(self) -> None:
        """Let files be chosen."""
        if self._panel is None:
            return
        everything = tr("All files ({endings})", endings="*")
        filters = ";;".join(dict.fromkeys((self._panel.file_kinds(), everything)))
        paths, _ = QFileDialog.getOpenFileNames(self._page, tr("Open files to predict"), "", filters)
        self.take_files(paths)
