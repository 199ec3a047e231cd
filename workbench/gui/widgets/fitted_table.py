"""A table whose columns are as wide as what they hold: the room that is left goes to texts, and is taken from them."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from workbench.gui.widgets.table import RowsModel, Table

_LOOKED_AT = 100  # rows by which a column is judged
_BESIDE = 24  # pixels beside a text
_LEAST, _MOST = 48, 360  # pixels of a column
_READABLE = 96  # pixels below which no text is cut


class FittedTable(Table):
    """Widths follow the model and the size of the table; in between a person may drag them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted: list[int] = []
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def set_model(self, model: RowsModel, sortable: bool = True) -> None:
        super().set_model(model, sortable)
        model.modelReset.connect(self._measure)
        self._measure()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _measure(self) -> None:
        self._wanted = [self._width_of(place) for place in range(len(self._model.columns))]
        self._fit()

    def _fit(self) -> None:
        texts = [not column.right for column in self._model.columns]
        for place, width in enumerate(widths(self._wanted, texts, self.viewport().width())):
            self.setColumnWidth(place, width)

    def _width_of(self, place: int) -> int:
        column = self._model.columns[place]
        rows = range(min(_LOOKED_AT, self._model.rowCount()))
        texts = [column.title, *(str(self._model.index(row, place).data()) for row in rows)]
        metrics = self.fontMetrics()
        longest = max(metrics.horizontalAdvance(text[:_MOST]) for text in texts)
        return min(_MOST, max(_LEAST, longest + _BESIDE))


def widths(wanted: Sequence[int], texts: Sequence[bool], room: int) -> list[int]:
    """Return the widths of columns that want to be so wide: what is left or lacks is shared by those with texts.

    texts: which columns have texts; where none has, all share what is left.
    """
    spare = room - sum(wanted)
    if spare >= 0:
        sharing = [width if text or not any(texts) else 0 for width, text in zip(wanted, texts, strict=True)]
        whole = max(1, sum(sharing))
        found = [width + spare * share // whole for width, share in zip(wanted, sharing, strict=True)]
        return [*found[:-1], found[-1] + room - sum(found)] if found else []
    most = max((width for width, text in zip(wanted, texts, strict=True) if text), default=0)
    for limit in range(most, _READABLE - 1, -1):
        cut = [min(width, limit) if text else width for width, text in zip(wanted, texts, strict=True)]
        if sum(cut) <= room:
            return cut
    return [min(width, _READABLE) if text else width for width, text in zip(wanted, texts, strict=True)]
