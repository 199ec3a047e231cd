"""The one question when the window closes while something trains."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from workbench.core.words import plural, tr


class ClosingQuestion(QMessageBox):
    """Asks without stopping anything; `chosen` says "keep" or "stop", and nothing when the person goes back."""

    chosen = Signal(str)

    def __init__(self, live: Sequence[str], with_the_window: Sequence[str], parent: QWidget) -> None:
        """live: names of the runs that train. with_the_window: those of them that cannot go on without it."""
        super().__init__(parent)
        self.setObjectName("window.closing")
        self.setIcon(QMessageBox.Icon.NoIcon)
        self.setText(plural(len(live), "{count} run is training.", "{count} runs are training."))
        if set(live) <= set(with_the_window):
            text = tr("What trains in the window itself is saved now and can be resumed later.")
        else:
            text = tr("Training can go on without the window. Open the program again to see it.")
        self.setInformativeText(text)
        if set(live) - set(with_the_window):
            keep = self.addButton(tr("Keep training"), QMessageBox.ButtonRole.AcceptRole)
            keep.setObjectName("window.keep")
            keep.setAccessibleName(keep.text())
            keep.clicked.connect(lambda: self.chosen.emit("keep"))
            self.setDefaultButton(keep)
        stop = self.addButton(tr("Save and stop"), QMessageBox.ButtonRole.AcceptRole)
        stop.setObjectName("window.stop")
        stop.setAccessibleName(stop.text())
        stop.clicked.connect(lambda: self.chosen.emit("stop"))
        cancel = self.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setEscapeButton(cancel)
        self.finished.connect(self.deleteLater)
