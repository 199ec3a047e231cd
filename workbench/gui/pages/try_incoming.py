"""What comes to be predicted, from wherever it comes: drops, the clipboard, a file dialog."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.words import tr
from workbench.gui.pages.try_asking import encoded
from workbench.gui.pages.try_input import read_image
from workbench.gui.widgets.drop_area import Drops

_PLAIN_TEXT = (".txt", ".text", ".md")
_LONGEST_TEXT = 1_000_000  # bytes of a text file that go into the box


class Incoming(QObject):
    """Sorts what comes by what the model reads: one image, one text, many of them, or not for this model."""

    image_came = Signal(object, str, object)  # {"path"} or {"image"}, name, QImage or None
    text_came = Signal(str)
    many_came = Signal(list)  # paths
    refused = Signal(str)  # why

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._kind = ""
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

    def set_kind(self, kind: str) -> None:
        """Take what a model of images ("image") or of texts ("text") reads; files that came before are taken now."""
        self._kind = kind
        waiting, self._waiting = self._waiting, []
        self.take_files(waiting)

    def take_files(self, paths: Sequence[str | Path]) -> None:
        """Take one file, or many, or everything in a folder."""
        given = [str(path) for path in paths]
        if not self._kind:
            self._waiting = given  # until the model has said what it reads
        elif not given:
            return
        elif len(given) > 1 or Path(given[0]).is_dir():
            self.many_came.emit(given)
        elif self._kind == "image":
            self.image_came.emit({"path": given[0]}, Path(given[0]).name, read_image(given[0]))
        else:
            self._take_text_file(Path(given[0]))

    def take_image(self, image: QImage) -> None:
        """Take an image that was pasted or dropped."""
        if self._kind == "image":
            self.image_came.emit({"image": encoded(image)}, tr("Pasted image"), image)
        elif self._kind:
            self.refused.emit(tr("This model reads texts, not images."))

    def take_text(self, text: str) -> None:
        """Take a text that was pasted, dropped or read from a file."""
        if self._kind == "text":
            self.text_came.emit(text)
        elif self._kind:
            self.refused.emit(tr("This model reads images, not texts."))

    def choose_files(self) -> None:
        """Let files be chosen."""
        if self._kind == "text":
            kinds = tr("Texts and tables ({endings})", endings="*.txt *.md *.csv *.tsv *.jsonl")
        else:
            kinds = tr("Images ({endings})", endings="*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif")
        filters = f"{kinds};;{tr('All files ({endings})', endings='*')}"
        paths, _ = QFileDialog.getOpenFileNames(self._page, tr("Open files to predict"), "", filters)
        self.take_files(paths)

    def _take_text_file(self, path: Path) -> None:
        """Put a short plain text into the box; the rest, missing files too, is the batch's to read or to refuse."""
        try:
            short = path.suffix.lower() in _PLAIN_TEXT and path.stat().st_size <= _LONGEST_TEXT
            text = path.read_text(encoding="utf-8-sig", errors="replace") if short else None
        except OSError:
            text = None
        if text is None:
            self.many_came.emit([str(path)])
        else:
            self.take_text(text)
