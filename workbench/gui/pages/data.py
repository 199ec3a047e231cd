"""The Data page: open data, look at them, decide how they are read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.icons import icon
from workbench.gui.pages.data_check import DataCheck
from workbench.gui.pages.data_opening import Opening
from workbench.gui.pages.data_preview import DataPreview
from workbench.gui.pages.data_settings import DataSettings
from workbench.gui.pages.data_summary import Balance, DataSummary, without_balance
from workbench.gui.pages.data_welcome import SAMPLES, DataWelcome
from workbench.gui.recent import recent_data, remember_data
from workbench.gui.theme import explain
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.drop_area import DropArea, Drops
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page
from workbench.gui.widgets.progress import ProgressLine
from workbench.gui.widgets.scroll import scrolled


class DataPage(Page):
    """Opens data as a job and shows them; what was open stays until the new data are there."""

    opened = Signal(object)  # {"data": settings, "summary": what data.open answered}; also after every later edit
    model_requested = Signal()

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Data"), tr("Drop a folder, a zip, a CSV, or start from a sample."), parent=parent)
        self._catalogue: Mapping[str, Any] = {}
        self._data: dict[str, Any] = {}
        self._summary: dict[str, Any] = {}
        self._opening = Opening(engine, jobs, self)
        self._opening.began.connect(self._begin)
        self._opening.progressed.connect(self._progress)
        self._opening.ended.connect(self._end)
        self._opening.opened.connect(self._show)
        self._opening.failed.connect(self._fail)
        self._make_header()
        self._make_parts(engine)
        drops = Drops(self)
        drops.files_dropped.connect(self.open_files)
        self._rest()

    # What the window gives and takes

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings, as the engine's settings.catalogue answers them."""
        self._catalogue = catalogue
        if self._data and self._summary:
            self._show_settings()

    def data(self) -> dict[str, Any]:
        """Return the settings of the opened data, or an empty dictionary."""
        return dict(self._data)

    def open_files(self, paths: Sequence[str | Path]) -> None:
        """Open one file or folder, or the folder in which several files lie."""
        given = [Path(path) for path in paths]
        if given:
            together = len(given) > 1 and len({path.parent for path in given}) == 1
            self._opening.open_path(str(given[0].parent if together else given[0]))

    def open_sample(self, name: str) -> None:
        """Open a bundled sample: "digits" or "reviews"."""
        title = tr(SAMPLES[name][0])
        self._opening.open_settings({"kind": "samples", "name": name}, title)

    def open_settings(self, data: dict[str, Any]) -> None:
        """Open what these data settings describe, such as those of an earlier run."""
        title = str(data.get("path") or data.get("name") or "")
        self._opening.open_settings(data, Path(title).name or title)

    def stop(self) -> None:
        """End what is under way."""
        if self._opening.is_running():
            self._opening.cancel()

    # Making it

    def _make_header(self) -> None:
        self.sample = button(
            tr("Samples"), icon_name="flask", tip=tr("Data that come with the program, to begin with.")
        )
        self.sample.setObjectName("data.sample")
        self.sample.setAccessibleName(tr("Samples"))
        self.sample.clicked.connect(lambda: self._pop_up(self.sample, self.sample_menu))
        self.open = button(tr("Open…"), icon_name="folder-open", tip=tr("Opens a folder, an archive or a table."))
        self.open.setObjectName("data.open")
        self.open.setAccessibleName(tr("Open data"))
        self.open.clicked.connect(self._pop_up_open)
        self.next = primary_button(tr("Choose a model"), icon_name="arrow-right")
        self.next.setObjectName("data.next")
        self.next.clicked.connect(self.model_requested)
        self.add_action(self.sample)
        self.add_action(self.open)
        self.set_primary(self.next)
        self.sample_menu = QMenu(self.sample)
        for name, (title, _) in SAMPLES.items():
            self.sample_menu.addAction(tr(title)).triggered.connect(lambda _=False, name=name: self.open_sample(name))
        self.open_menu = QMenu(self.open)

    def _make_parts(self, engine: Any) -> None:
        self.summary = DataSummary()
        self.progress = ProgressLine()
        self.progress_card = Card()
        self.progress_card.add(self.progress)
        cancel = button(tr("Cancel"))
        cancel.setObjectName("data.cancel")
        cancel.clicked.connect(self._opening.cancel)
        self.progress_card.add(cancel)
        self.progress_card.hide()
        self.welcome = DataWelcome()
        self.welcome.sample_wanted.connect(self.open_sample)
        self.welcome.recent_wanted.connect(self._open_recent)
        self.welcome.folder_wanted.connect(self._ask_for_folder)
        self.welcome.file_wanted.connect(self._ask_for_file)
        self.busy = EmptyState("hourglass", "")
        self.busy.acted.connect(self._opening.cancel)
        self.stack = QStackedWidget()
        for state in (self.welcome, self.busy, self._make_content(engine)):
            self.stack.addWidget(state)
        self.body.addWidget(self.progress_card)
        self.body.addWidget(self.summary)
        self.drop = DropArea(tr("Drop data here"))
        self.drop.setObjectName("data.drop")
        self.drop.body.setContentsMargins(0, 0, 0, 0)
        self.drop.set_content(self.stack)
        self.drop.files_dropped.connect(self.open_files)
        self.body.addWidget(self.drop, 1)

    def _make_content(self, engine: Any) -> QWidget:
        self.preview = DataPreview(engine)
        self.preview.setObjectName("data.preview")
        self.preview.augmentation_wanted.connect(self._show_augmentation)
        self.preview.failed.connect(self._fail)
        self.balance = Balance()
        self.check = DataCheck()
        self.check.setObjectName("data.problems")
        self.settings = DataSettings()
        self.settings.setObjectName("data.settings")
        self.settings.reading_changed.connect(self._read_again)
        self.settings.augmentation_changed.connect(self._change_augmentation)
        self.settings.classes_changed.connect(self._rename_classes)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        column.addWidget(self.balance, 1)
        column.addWidget(self.check)
        column.addWidget(self.settings)
        self.side = scrolled(side)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.gap)
        row.addWidget(self.preview, 2)
        row.addWidget(self.side, 1)
        return content

    # Opening

    def _pop_up(self, under: QPushButton, menu: QMenu) -> None:
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    def _pop_up_open(self) -> None:
        self.open_menu.clear()
        self.open_menu.addAction(icon("folder"), tr("Folder…")).triggered.connect(self._ask_for_folder)
        self.open_menu.addAction(icon("file"), tr("File or archive…")).triggered.connect(self._ask_for_file)
        recent = recent_data()
        if recent:
            self.open_menu.addSeparator()
        for entry in recent:
            action = self.open_menu.addAction(icon("clock-counter-clockwise"), str(entry["title"]))
            action.setToolTip(str(entry["path"]))
            action.triggered.connect(lambda _=False, entry=entry: self._open_recent(entry))
        self.open_menu.setToolTipsVisible(True)
        self._pop_up(self.open, self.open_menu)

    def _ask_for_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Open a folder of data"))
        if path:
            self.open_files([path])

    def _ask_for_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Open a file of data"))
        if path:
            self.open_files([path])

    def _open_recent(self, entry: Mapping[str, Any]) -> None:
        self._opening.open_settings(dict(entry["data"]), str(entry["title"]))

    def _begin(self, title: str) -> None:
        self.clear_banners()
        self._title = title
        self._progress(tr("Opening {name}", name=title), -1.0, "")
        self.progress_card.setVisible(bool(self._summary))
        if not self._summary:
            self.stack.setCurrentWidget(self.busy)
            self.set_line(tr("Opening {name}", name=title))

    def _progress(self, stage: str, fraction: float, left: str) -> None:
        known = fraction if fraction >= 0 else None
        self.progress.set_fraction(known)
        self.progress.set_left(tr("Opening {name}", name=self._title), stage)
        self.progress.set_right("", left)
        if not self._summary:
            self.busy.show_busy(stage, known, left, tr("Cancel"))

    def _end(self) -> None:
        self.progress_card.hide()
        self._rest()

    def _rest(self) -> None:
        """Show the data, or the invitation while there are none."""
        self.summary.setVisible(bool(self._summary))
        self.stack.setCurrentIndex(2 if self._summary else 0)
        explain(self.next, bool(self._summary), tr("Open data first."))
        if not self._summary:
            self.welcome.set_recent(recent_data())
            self.set_line(tr("Drop a folder, a zip, a CSV, or start from a sample."))

    def _fail(self, error: UserError) -> None:
        self.clear_banners()
        self.show_banner(Banner.of_error(error))

    # Showing

    def _show(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        names = list(data.get("class_names", ()))
        classes = names if len(names) == len(summary["classes"]) else list(summary["classes"])
        summary = {**summary, "classes": classes}
        try:
            self.preview.set_data(data, summary)
        except UserError as error:
            self._fail(error)
            return
        self._data, self._summary = data, summary
        self._show_settings()
        self.summary.set_summary(summary)
        self.balance.set_summary(summary, classes)
        self.check.set_findings(without_balance(summary["problems"]), summary["skipped"])
        self.set_line(tr("{name}. Look through them, then choose a model.", name=_title(data, summary)))
        self._rest()
        remember_data(str(summary["name"]), self._data)
        self._tell()

    def _show_settings(self) -> None:
        if self._catalogue:
            self.settings.set_data(self._data, self._summary, self._catalogue)
        self.settings.setVisible(bool(self._catalogue))

    def _show_augmentation(self) -> None:
        self.settings.open_augmentation()
        self.side.ensureWidgetVisible(self.settings.augmentation)

    def _read_again(self, changed: dict[str, Any]) -> None:
        self._opening.open_settings({**self._data, **changed}, str(self._summary["name"]))

    def _change_augmentation(self, augmentation: dict[str, Any]) -> None:
        self._data = {**self._data, "augmentation": augmentation}
        self.preview.set_augmentation(augmentation)
        self._tell()

    def _rename_classes(self, names: list[str]) -> None:
        self._data = {**self._data, "class_names": names}
        self._summary = {**self._summary, "classes": names}
        self.preview.set_classes(names)
        self.balance.set_summary(self._summary, names)
        self._tell()

    def _tell(self) -> None:
        self.opened.emit({"data": dict(self._data), "summary": dict(self._summary)})


def _title(data: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Return what the data are called: a bundled sample by its title, anything else by the name of its file or folder."""
    sample = SAMPLES.get(str(data.get("name", ""))) if data["kind"] == "samples" else None
    return tr(sample[0]) if sample else str(summary["name"])
