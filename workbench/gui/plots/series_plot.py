"""A plot of series: lines over rows with a legend, bands behind them, and values under the crosshair."""

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures, theme
from workbench.gui.plots.export import quoted
from workbench.gui.plots.header import Header
from workbench.gui.plots.legend import Entry, Legend
from workbench.gui.plots.line_field import Band, Line, LineField
from workbench.gui.plots.saved import SavedPlot
from workbench.gui.theme import look
from workbench.gui.tokens import Space

__all__ = ["Band", "Line", "SeriesPlot"]


class SeriesPlot(SavedPlot):
    """Lines of the same name are hidden and shown together; the legend tells their values at the crosshair."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self._lines: list[Line] = []
        self._bands: list[Band] = []
        self._times: dict[int, str] = {}
        self.header = Header(title)
        self.header.export_wanted.connect(self.export)
        self.legend = Legend()
        self.legend.shown_changed.connect(self._draw)
        self.place = look(QLabel(), "caption")
        self.field = LineField()
        self.field.setAccessibleName(title)
        self.field.pointed.connect(self._show_values)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self.header)
        layout.addWidget(self.legend)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.place)
        theme.current().changed.connect(self._entries)

    def set_lines(
        self,
        lines: Sequence[Line],
        bands: Sequence[Band] = (),
        times: Mapping[int, str] | None = None,
        *,
        from_zero: bool = False,
    ) -> None:
        """Show these lines; times: what rows are called. from_zero: whether 0 belongs to the picture."""
        self.field.from_zero = from_zero
        self._lines, self._bands, self._times = list(lines), list(bands), dict(times or {})
        self._entries()
        self._draw()

    def lines(self) -> Iterator[str]:
        """Yield the points of every line, one in a row."""
        yield "line,row,time,value"
        for line in self._lines:
            for row, value in zip(line.places, line.values, strict=True):
                time = self._times.get(int(row), "")
                yield ",".join(
                    (quoted(line.name), f"{row:g}", quoted(time), "" if value is None else repr(float(value)))
                )

    def _entries(self) -> None:
        colors = theme.current()
        entries = {}
        for line in self._lines:
            color = colors.color("muted") if line.color < 0 else colors.series(line.color)
            entries.setdefault(line.name, Entry(line.name, line.name, color))
        self.legend.set_entries(list(entries.values()))
        self.legend.setVisible(len(entries) > 1)

    def _draw(self, *_: object) -> None:
        shown = [line for line in self._lines if self.legend.shown(line.name)]
        self.field.set_lines(shown, self._bands, self._times)
        self._show_values(None)

    def _show_values(self, row: float | None) -> None:
        words = []
        single = {line.name for line in self._lines if sum(other.name == line.name for other in self._lines) == 1}
        for line in self._lines:
            value = _value_at(line, row) if line.name in single and row is not None else None
            self.legend.show_value(line.name, "" if value is None else figures.number(value, 4))
            if value is not None:
                words.append(f"{line.name} {figures.number(value, 4)}")
        name = "" if row is None else self._times.get(int(row)) or tr("row {number}", number=int(row) + 1)
        self.place.setText("   ".join([name, *words]) if row is not None else " ")
        self.field.setAccessibleDescription(self.place.text().strip())


def _value_at(line: Line, row: float) -> float | None:
    """Return the value of the point nearest to `row`, if the line reaches there."""
    if not len(line.places) or not line.places[0] - 0.5 <= row <= line.places[-1] + 0.5:
        return None
    nearest = min(range(len(line.places)), key=lambda place: abs(line.places[place] - row))
    return line.values[nearest]
