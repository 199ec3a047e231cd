"""What every way of bringing one input to a model is."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.core.words import tr


class Input(QWidget):
    """Shows one input and tells when there is another to predict; signals and attributes as in Panel.

    given: {"path"}, {"text"}, {"image"}, {"row"} or {"series"} as prediction.predict takes it, and its name.
    """

    given = Signal(object, str)
    emptied = Signal()  # there is nothing to predict any more
    failed = Signal(object)
    refused = Signal(str)
    many_came = Signal(list)
    occupied = Signal(bool)
    headed = Signal(str, str)

    line = ""  # the sentence below the title of the page, translated by the constructor
    error_hint = ""  # what to bring instead of an input that could not be read

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.chips: Sequence[QWidget] = ()
        self.ways: Sequence[QPushButton] = ()
        self.act: QPushButton | None = None
        self.invitation = (tr("Drop something here"), "", "download-simple")
        self.many_hint = tr("Drop several files, or a folder of them.")

    def begin(self) -> None:
        """Show that there is nothing yet: say by `occupied` and `headed` what is shown instead. Called once, joined."""
        self.occupied.emit(True)

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        """Bring inputs to the model of this run."""

    def file_kinds(self) -> str:
        """Return the files that Open offers."""
        return tr("All files ({endings})", endings="*")

    def take_file(self, path: str) -> None:
        """Take one file."""
        self.many_came.emit([path])

    def take_text(self, text: str) -> None:
        """Take a text."""
        self.refused.emit(tr("This model does not read texts."))

    def take_image(self, image: QImage) -> None:
        """Take an image."""
        self.refused.emit(tr("This model does not read images."))

    def show_given(self, given: Mapping[str, Any], name: str) -> None:
        """Show a sample, or an input of the table of predictions, without a signal."""

    def show_seen(self, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Show it as the model sees it, now that it is asked about with these options."""

    def stop(self) -> None:
        """Tell no answer that is under way."""
