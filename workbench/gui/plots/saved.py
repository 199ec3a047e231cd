"""What every plot can do: write itself as a picture or as its values."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.gui.plots import export


class SavedPlot(QWidget):
    """A plot that is saved as .png, .svg or .csv; failed(UserError) when a person's export could not be written."""

    failed = Signal(object)

    def lines(self) -> Iterable[str]:
        """Return the lines of its CSV, a line of headings first."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the plot as .png or .svg, or its values in full precision as .csv.

        Raises UserError when it cannot be written.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".csv":
            export.save_lines(path, self.lines())
        elif suffix == ".svg":
            export.save_svg(self, path)
        else:
            export.save_png(self, path)

    def export(self, path: str) -> None:
        """Write the plot, and tell with `failed` when that does not work."""
        try:
            self.save(path)
        except UserError as error:
            self.failed.emit(error)
