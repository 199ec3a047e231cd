"""What is common to fields of points: which of them the mouse points at."""

from abc import abstractmethod

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class PointedField(QWidget):
    """Points of which the nearest one within `reach` pixels is `hovered`, by its place, or -1."""

    pointed = Signal(int)  # hovered

    def __init__(self, reach: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reach = reach
        self.hovered = -1
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @abstractmethod
    def _area(self) -> QRectF:
        """Return where points are drawn."""

    @abstractmethod
    def _places(self, area: QRectF) -> np.ndarray:
        """Return where each point is drawn: (N, 2) pixels."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        places = self._places(self._area())
        if not len(places):
            return
        distance = np.hypot(places[:, 0] - event.position().x(), places[:, 1] - event.position().y())
        nearest = int(distance.argmin())
        self._point(nearest if distance[nearest] <= self._reach else -1)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(-1)

    def _point(self, place: int) -> None:
        if place != self.hovered:
            self.hovered = place
            self.pointed.emit(place)
            self.update()
