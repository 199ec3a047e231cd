"""What every way of trying a model is: a panel in the drop area of the page, and beside it what the model says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.core.words import tr


class Panel(QWidget):
    """Stands in the drop area of the page, which keeps the choice of a run, the sample button and the batch table.

    result: stands beside the panel. chips: for the heading of its card. ways: buttons beside Open. act: the button that
    does it, or None. batches: whether the page's table of many predictions goes with it; many_hint: what that says
    while it is empty. samples: whether a sample of the test split can be had. invitation: what the drop area says while
    the panel is not `occupied`: text, hint, icon.
    """

    failed = Signal(object)  # UserError, shown above the page
    refused = Signal(str)  # why what came is nothing for this model
    many_came = Signal(list)  # paths of what is to be predicted into the table
    occupied = Signal(bool)  # there is something to show in the panel; else the drop area invites
    headed = Signal(str, str)  # heading of the card and the note beside it

    batches = True
    samples = True

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.result: QWidget = QWidget()
        self.chips: Sequence[QWidget] = ()
        self.ways: Sequence[QPushButton] = ()
        self.act: QPushButton | None = None
        self.invitation = (tr("Drop something here"), "", "download-simple")
        self.many_hint = tr("Drop several files, or a folder of them.")

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        """Ask the model of this run from now on; description: what prediction.describe answered.

        Called again when the same run has a better model, and when another run is chosen that is tried in the same way.
        """
        raise NotImplementedError

    def line(self) -> str:
        """Return the sentence below the title of the page."""
        return tr("See what a trained model says.")

    def file_kinds(self) -> str:
        """Return the files that Open offers, as a file dialog wants them: "Images (*.png *.jpg)"."""
        return tr("All files ({endings})", endings="*")

    def take(self, paths: Sequence[str]) -> None:
        """Take files that were dropped, pasted or opened: one, or many for the table."""
        if len(paths) > 1 or Path(paths[0]).is_dir():
            self.many_came.emit(list(paths))
        else:
            self.take_file(paths[0])

    def take_file(self, path: str) -> None:
        """Take one file."""
        self.many_came.emit([path])

    def take_text(self, text: str) -> None:
        """Take a text that was dropped or pasted."""
        self.refused.emit(tr("This model does not read texts."))

    def take_image(self, image: QImage) -> None:
        """Take an image that was dropped or pasted."""
        self.refused.emit(tr("This model does not read images."))

    def take_sample(self, sample: Mapping[str, Any]) -> None:
        """Take what prediction.sample answered."""

    def show_row(self, prediction: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Show a prediction of the table; options: what it was asked with."""

    def answer(self, prediction: Mapping[str, Any]) -> str:
        """Return a prediction in a few words, for the table."""
        return str(prediction.get("label", ""))

    def stop(self) -> None:
        """Ask nothing more, and tell no answer that is under way."""
