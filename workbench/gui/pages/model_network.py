"""The chosen network: its drawing, its layers, and what it costs on this device."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGraphicsOpacityEffect, QHeaderView, QVBoxLayout, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.pages.model_estimate import Estimate
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.network_drawing import NetworkDrawing
from workbench.gui.widgets.table import Column, RowsModel, Table

_DIM = 0.35
_NARROW = 620  # pixels: below, the estimate stands above the table instead of beside it


class ModelNetwork(QWidget):
    """Shows what `model.layers` answers; fades while the settings make no network."""

    def __init__(self, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = NetworkDrawing()
        self.drawing.setObjectName("model.drawing")
        self.drawing.setMinimumHeight(96)
        self._fading = QGraphicsOpacityEffect(self.drawing)
        self._fading.setEnabled(False)
        self._fading.setOpacity(_DIM)
        self.drawing.setGraphicsEffect(self._fading)
        self._picture = Card()
        self._picture.add(self.drawing, 1)
        self.layers = Table()
        self.layers.setObjectName("model.layers")
        self.layers.setAccessibleName(tr("Layers of the network"))
        self.rows = RowsModel(_columns())
        self.layers.set_model(self.rows, sortable=False)
        header = self.layers.horizontalHeader()
        for column in range(1, len(self.rows.columns)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._table = Card()
        self._table.add(self.layers, 1)
        self.estimate = Estimate(jobs)
        self.estimate.setObjectName("model.estimate")
        self.estimate.setMinimumWidth(184)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._below.setSpacing(Space.gap)
        self._below.addWidget(self._table, 3)
        self._below.addWidget(self.estimate, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(self._picture, 1)
        layout.addLayout(self._below, 1)

    def show_layers(self, answer: Mapping[str, Any]) -> None:
        """Show what `model.layers` answered."""
        self.fade(False)
        self._picture.set_note(_words(answer["assumed"]) if answer.get("assumed") else "")
        self.drawing.set_blocks([{**block, "label": _words(block["label"])} for block in answer["drawing"]])
        self.rows.set_rows([{**layer, "name": _words(layer["name"])} for layer in answer["layers"]])
        self.estimate.set_parameters(int(answer["parameters"]))

    def fade(self, on: bool) -> None:
        """Fade what no longer belongs to the settings."""
        self._fading.setEnabled(on)
        if on:
            self.estimate.set_parameters(None)
            self.estimate.set_recipe(None)

    def is_faded(self) -> bool:
        """Return whether what is shown belongs to other settings than those in the form."""
        return self._fading.isEnabled()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        directions = QBoxLayout.Direction
        self._below.setDirection(directions.BottomToTop if narrow else directions.LeftToRight)
        self._below.setStretch(1, 0 if narrow else 1)
        self.estimate.set_wide(narrow)


def _words(plain: Any) -> str:
    return tr(from_plain(plain)) if isinstance(plain, Mapping) else str(plain)


def _columns() -> list[Column]:
    return [
        Column("name", tr("Layer")),
        Column("output", tr("Output"), show=figures.shape),
        Column("parameters", tr("Parameters"), show=lambda count: figures.count(count) if count else "–", right=True),
        Column(
            "flops",
            tr("MFLOPs"),
            show=lambda flops: figures.number(flops / 1e6) if flops else "–",
            right=True,
            tip=tr("Millions of multiplications and additions for one sample."),
        ),
    ]
