"""The line above a plot: its title, and chips for smoothing, scale and export."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.plots.export import FILTERS
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.chips import ActionsChip, MenuChip, ToggleChip
from workbench.gui.widgets.elided_label import ElidedLabel

SMOOTHINGS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)


class Header(QWidget):
    """Title and chips; smoothing_chosen(weight), log_chosen(bool), export_wanted(path)."""

    smoothing_chosen = Signal(object)
    log_chosen = Signal(bool)
    export_wanted = Signal(str)

    def __init__(
        self,
        title: str,
        smoothing: float | None = None,
        log: bool = False,
        kinds: tuple[str, ...] = ("png", "svg", "csv"),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title = look(ElidedLabel(title), "heading")
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(Space.medium)
        self._line.addWidget(self._title, 1)
        self._smooth: MenuChip | None = None
        self._log: ToggleChip | None = None
        if smoothing is not None:
            tip = tr("How much of the past the drawn line keeps; the raw points stay visible")
            self._smooth = MenuChip({}, prefix=tr("Smooth"), tip=tip)
            self._smooth.chosen.connect(self.smoothing_chosen)
            self._line.addWidget(self._smooth)
            self.show_smoothing(smoothing)
        if log:
            self._log = ToggleChip(tr("Log"), tip=tr("Logarithmic scale"))
            self._log.toggled.connect(self.log_chosen)
            self._line.addWidget(self._log)
        if kinds:
            export = ActionsChip(tr("Export"), tr("Save the plot as PNG or SVG, or its points as CSV"))
            for kind in kinds:
                action = export.add(tr("Save as {kind}…", kind=kind.upper()))
                action.triggered.connect(lambda _=False, kind=kind: self._ask(kind))
            self._line.addWidget(export)

    def title(self) -> str:
        """Return the title."""
        return self._title.text()

    def set_title(self, text: str) -> None:
        """Show `text` as the title."""
        self._title.setText(text)

    def add_action(self, widget: QWidget) -> None:
        """Put `widget` before the chips."""
        self._line.insertWidget(1, widget)

    def show_smoothing(self, weight: float) -> None:
        """Show the weight that is in use."""
        if self._smooth is not None:
            self._smooth.set_choices({value: f"{value:g}" for value in sorted({*SMOOTHINGS, weight})}, weight)

    def show_log(self, log: bool) -> None:
        """Show which scale is in use."""
        if self._log is not None:
            self._log.setChecked(log)

    def _ask(self, kind: str) -> None:
        name = f"{self.title()}.{kind}".replace("/", "-")
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), name, FILTERS[kind])
        if path:
            self.export_wanted.emit(path if Path(path).suffix else f"{path}.{kind}")
