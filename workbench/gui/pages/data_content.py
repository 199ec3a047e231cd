"""Opened data on the page: figures, samples, what stands beside them, findings and settings."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.pages.data_check import DataCheck
from workbench.gui.pages.data_settings import DataSettings
from workbench.gui.pages.data_summary import Balance, DataSummary, without_balance
from workbench.gui.pages.data_welcome import SAMPLES
from workbench.gui.pages.previews import Preview, preview_for
from workbench.gui.tokens import Space
from workbench.gui.widgets.scroll import scrolled


class DataContent(QWidget):
    """Shows data and takes edits: some only change how they are shown, others need the data to be read again."""

    changed = Signal()  # `data` or `summary` are new or were edited
    reading_wanted = Signal(object)  # data settings to read the data with
    failed = Signal(object)  # UserError
    state_changed = Signal()  # `why_not` may be another

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self._catalogue: Mapping[str, Any] = {}
        self._architecture: dict[str, Any] = {}
        self.tiles = DataSummary()
        self._engine = engine
        self.preview: Preview | None = None
        self.previews = QStackedWidget()
        self.previews.setObjectName("data.preview")
        self.previews.setAccessibleName(tr("Samples"))
        self.balance = Balance()
        self.balance.plot.failed.connect(self.failed)
        self.check = DataCheck()
        self.check.setObjectName("data.problems")
        self.settings = DataSettings(jobs)
        self.settings.setObjectName("data.settings")
        self.settings.reading_changed.connect(lambda changed: self.reading_wanted.emit({**self.data, **changed}))
        self.settings.augmentation_changed.connect(self._change_augmentation)
        self.settings.classes_changed.connect(self._rename_classes)
        self.settings.state_changed.connect(self.state_changed)
        below = QHBoxLayout()
        below.setSpacing(Space.gap)
        below.addWidget(self.previews, 2)
        below.addWidget(self._make_side(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addWidget(self.tiles)
        layout.addLayout(below, 1)

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings."""
        self._catalogue = catalogue
        self._show_settings()

    def set_architecture(self, architecture: dict[str, Any]) -> None:
        """Show the data as this architecture will read them, where that makes a difference."""
        self._architecture = architecture
        if self.preview is not None:
            self.preview.set_architecture(architecture)

    def show_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        """Show these data; raises UserError, and shows the former ones, when their cache cannot be read."""
        names = list(data.get("class_names", ()))
        classes = names if len(names) == len(summary["classes"]) else list(summary["classes"])
        summary = {**summary, "classes": classes}
        preview = self._show_preview(data, summary)
        self.data, self.summary = data, summary
        self.tiles.set_summary(summary, preview.tiles(summary))
        self.balance.set_summary(summary, classes)
        self._show_beside(preview.side)
        problems = summary["problems"] if self.balance.isHidden() else without_balance(summary["problems"])
        self.check.set_findings(problems, summary["skipped"])
        wrong = bool(summary["skipped"]) or any(problem["level"] != "good" for problem in summary["problems"])
        self._column.insertWidget(0 if wrong else 1, self.check)  # what needs a look comes first
        QTimer.singleShot(0, self, self._show_settings)  # building forms takes a while: the images come first
        self.changed.emit()

    def title(self) -> str:
        """Return what the data are called: a sample by its title, others by the name of their file or folder."""
        sample = SAMPLES.get(str(self.data.get("name", ""))) if self.data.get("kind") == "samples" else None
        return tr(sample[0]) if sample else str(self.summary.get("name", ""))

    def _make_side(self) -> QWidget:
        side = QWidget()
        column = self._column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        self._beside: QWidget | None = None
        self._room = QVBoxLayout()
        self._room.addWidget(self.balance, 1)
        column.addLayout(self._room)
        column.addWidget(self.check)
        column.addWidget(self.settings)
        column.addStretch(1)
        self._side = scrolled(side)
        return self._side

    def _show_preview(self, data: dict[str, Any], summary: dict[str, Any]) -> Preview:
        """Show the samples in the preview for their kind; the former one stays when that raises a UserError."""
        wanted = preview_for(summary["inputs"]["kind"], str(summary.get("task", "")))
        before = self.preview
        preview = before if type(before) is wanted else wanted(self._engine)
        assert preview is not None
        if preview is not before:
            preview.set_architecture(self._architecture)
        preview.set_data(data, summary)
        if preview is not before:
            preview.augmentation_wanted.connect(self._show_augmentation)
            preview.failed.connect(self.failed)
            self.previews.addWidget(preview)
            self.previews.setCurrentWidget(preview)
            self.preview = preview
            if before is not None:
                self.previews.removeWidget(before)
                for gone in (before, before.side):
                    if gone is not None:
                        gone.hide()
                        gone.deleteLater()
        return preview

    def _show_beside(self, card: QWidget | None) -> None:
        """Show what the preview has to say beside it; else the class balance, where there are classes."""
        if card is not self._beside:
            if self._beside is not None:
                self._room.removeWidget(self._beside)
                self._beside.hide()
            if card is not None:
                self._room.addWidget(card, 1)
                card.show()
        self._beside = card
        self.balance.setVisible(card is None and bool(self.summary.get("classes")))
        beside = card is not None or not self.balance.isHidden()
        for place in range(self._column.count()):
            item = self._column.itemAt(place)
            if item is not None and item.layout() is self._room:
                self._column.setStretch(place, int(beside))
        self._column.setStretch(
            self._column.count() - 1, int(not beside)
        )  # takes what is left where nothing stands there

    def _show_settings(self) -> None:
        ready = bool(self._catalogue and self.summary)
        self.settings.setVisible(ready)
        if ready:
            self.settings.set_data(self.data, self.summary, self._catalogue)

    def _show_augmentation(self) -> None:
        self.settings.open_augmentation()
        self._side.ensureWidgetVisible(self.settings.augmentation)

    def _change_augmentation(self, augmentation: dict[str, Any]) -> None:
        self.data = {**self.data, "augmentation": augmentation}
        if self.preview is not None:
            self.preview.set_augmentation(augmentation)
        self.changed.emit()

    def _rename_classes(self, names: list[str]) -> None:
        self.data = {**self.data, "class_names": names}
        self.summary = {**self.summary, "classes": names}
        if self.preview is not None:
            self.preview.set_classes(names)
        self.balance.set_summary(self.summary, names)
        self.changed.emit()
