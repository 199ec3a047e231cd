"""The Data page: open data, look at them, decide how they are read."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.pages.data_content import DataContent
from workbench.gui.pages.data_opening import Opening
from workbench.gui.pages.data_ways import DataWays
from workbench.gui.pages.data_welcome import SAMPLES, DataWelcome
from workbench.gui.recent import recent_data, remember_data
from workbench.gui.theme import explain
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.buttons import primary_button
from workbench.gui.widgets.drop_area import DropArea, Drops
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.job_card import JobCard
from workbench.gui.widgets.page import Page

if TYPE_CHECKING:
    from workbench.gui.pages.data_hub import DataHub


_UNREAD = ("augmentation", "class_names")  # settings in force at once, without reading the data again


class DataPage(Page):
    """Opens data as a job and shows them; what was open stays until the new data are there."""

    opened = Signal(object)  # {"data": settings, "summary": what data.open answered}; also after every later edit
    held_changed = Signal(bool)  # whether the forms show settings that are not in force
    model_requested = Signal()
    recipe_wanted = Signal(str)  # path of a recipe in TOML

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Data"), parent=parent)
        self._what = ""
        self._wanted: dict[str, Any] = {}
        self._at_hub = False
        self._reading_again = False
        self._was_held = False
        self._opening = Opening(engine, jobs, self)
        self._opening.began.connect(self._begin)
        self._opening.progressed.connect(self._progress)
        self._opening.ended.connect(self._rest)
        self._opening.opened.connect(self._show)
        self._opening.failed.connect(self._fail_opening)
        self.ways = DataWays()
        self.ways.sample_wanted.connect(self.open_sample)
        self.ways.path_wanted.connect(lambda path: self.open_files([path]))
        self.ways.recent_wanted.connect(self._open_recent)
        self.ways.hub_wanted.connect(self.show_hub)
        self.ways.recipe_wanted.connect(self.recipe_wanted)
        self.next = primary_button(tr("Choose a model"), icon_name="arrow-right")
        self.next.setObjectName("data.next")
        self.next.clicked.connect(self.model_requested)
        self.add_action(self.ways)
        self.set_primary(self.next)
        self._make_body(engine, jobs)
        drops = Drops(self)
        drops.files_dropped.connect(self.open_files)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self)
        paste.activated.connect(lambda: drops.take(QGuiApplication.clipboard().mimeData()))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Open), self).activated.connect(self.ways.open.click)
        self._rest()

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings, as the engine's settings.catalogue answers them."""
        self.content.set_catalogue(catalogue)

    def set_architecture(self, architecture: Mapping[str, Any]) -> None:
        """Show the data as this architecture will read them, where that makes a difference."""
        self.content.set_architecture(dict(architecture))

    def data(self) -> dict[str, Any]:
        """Return the settings of the opened data, or an empty dictionary."""
        return dict(self.content.data)

    def open_files(self, paths: Sequence[str | Path]) -> None:
        """Open one file or folder, or the folder in which several files lie; a recipe sets up all pages."""
        given = [Path(path) for path in paths]
        if len(given) == 1 and given[0].suffix.lower() == ".toml":
            self.recipe_wanted.emit(str(given[0]))
        elif given:
            together = len(given) > 1 and len({path.parent for path in given}) == 1
            self._wanted = {}
            self._leave_typed()
            self._opening.open_path(str(given[0].parent if together else given[0]))

    def open_sample(self, name: str) -> None:
        """Open a bundled sample: "digits" or "reviews"."""
        self._open({"kind": "samples", "name": name}, tr(SAMPLES[name][0]))

    def open_settings(self, data: dict[str, Any]) -> None:
        """Open what these data settings describe, such as those of an earlier run."""
        title = str(data.get("path") or data.get("name") or "")
        self._open(data, Path(title).name or title)

    def show_hub(self) -> None:
        """Let a data set of the Hugging Face hub be chosen."""
        self.stop()
        self.clear_banners()
        self._at_hub = True
        self._rest()
        self.hub.begin()

    def stop(self) -> None:
        """End what is under way."""
        if self._opening.is_running():
            self._cancel()

    @cached_property
    def hub(self) -> "DataHub":
        """Where a data set of the hub is chosen, built when it is first wanted: the window opens with this page."""
        from workbench.gui.pages.data_hub import DataHub

        hub = DataHub(self._engine)
        hub.wanted.connect(self._open)
        hub.left.connect(self._leave_hub)
        hub.failed.connect(self._fail)
        self.stack.addWidget(hub)
        return hub

    def _make_body(self, engine: Any, jobs: Any) -> None:
        self._engine = engine
        self.progress = JobCard()
        self.progress.setObjectName("data.progress")
        self.progress.cancel_wanted.connect(self._cancel)
        self.welcome = DataWelcome()
        self.welcome.sample_wanted.connect(self.open_sample)
        self.welcome.recent_wanted.connect(self._open_recent)
        self.welcome.folder_wanted.connect(self.ways.ask_for_folder)
        self.welcome.file_wanted.connect(self.ways.ask_for_file)
        self.welcome.hub_wanted.connect(self.show_hub)
        self.welcome.recipe_wanted.connect(self.recipe_wanted)
        self.busy = EmptyState()
        self.busy.acted.connect(self._cancel)
        self.content = DataContent(engine, jobs)
        self.content.changed.connect(self._tell)
        self.content.reading_wanted.connect(self._read_again)
        self.content.state_changed.connect(self._rest_settings)
        self.content.failed.connect(self._fail)
        self.stack = QStackedWidget()
        for state in (self.welcome, self.busy, self.content):
            self.stack.addWidget(state)
        self.drop = DropArea(tr("Drop data here"))
        self.drop.setObjectName("data.drop")
        self.drop.body.setContentsMargins(0, 0, 0, 0)
        self.drop.set_content(self.stack)
        self.drop.files_dropped.connect(self.open_files)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.drop, 1)

    def holds(self) -> bool:
        """Return whether the forms show settings that are not in force: nothing is to be trained meanwhile."""
        return bool(self.content.summary and self.content.settings.why_not())

    def _open(self, data: dict[str, Any], title: str) -> None:
        self._wanted = data
        self._leave_typed()
        self._opening.open_settings(data, title)

    def _read_again(self, data: dict[str, Any]) -> None:
        """Read the data that are open with other settings, which are in force once that was possible."""
        self._wanted = data
        self._reading_again = True
        self._opening.open_settings(data, self.content.title())

    def _leave_typed(self) -> None:
        """Show the settings in force: what was typed and not taken ends with its reading."""
        self._reading_again = False
        self.content.settings.show_in_force()

    def _cancel(self) -> None:
        self._opening.cancel()
        self._leave_typed()

    def _open_recent(self, entry: Mapping[str, Any]) -> None:
        self._open(dict(entry["data"]), str(entry["title"]))

    def _begin(self, title: str) -> None:
        self.clear_banners()
        self._what = tr("Opening {name}", name=title)
        self._progress("", None, "")
        if self.content.summary:
            self.progress.show()
        else:
            self.set_line(self._what)
            self.stack.setCurrentWidget(self.busy)

    def _progress(self, stage: str, fraction: float | None, left: str) -> None:
        self.progress.show_progress(self._what, stage, fraction, left)
        self.busy.show_busy(stage or self._what, fraction, left, tr("Cancel"))

    def _rest(self) -> None:
        """Show the data, or the invitation while there are none; the hub while something is chosen there."""
        there = bool(self.content.summary)
        self.progress.hide()
        self.stack.setCurrentWidget(self.hub if self._at_hub else self.content if there else self.welcome)
        if not there:
            self.welcome.set_recent(recent_data())
            self.set_line(tr("Drop a folder, a zip, a CSV, or start from a sample."))
        self._rest_settings()

    def _rest_settings(self) -> None:
        """Let nobody go on with other settings than the forms show, and say so."""
        there, held = bool(self.content.summary), self.holds()
        explain(self.next, there and not held, self.content.settings.why_not() if there else tr("Open data first."))
        if held:
            self.set_line(tr("{name}, as it was read before the last edits.", name=self.content.title()))
        elif there:
            self.set_line(tr("{name}. Next, choose a model.", name=self.content.title()))
        if held != self._was_held:
            self._was_held = held
            self.held_changed.emit(held)

    def _leave_hub(self) -> None:
        self._at_hub = False
        self.clear_banners()
        self._rest()

    def _show(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        self._at_hub = False
        if self._reading_again:  # what may be changed while that goes on
            data = {**data, **{name: self.content.data[name] for name in _UNREAD if name in self.content.data}}
        try:
            self.content.show_data(data, summary)
        except UserError as error:
            self._refuse(error)

    def _tell(self) -> None:
        self._rest()
        remember_data(self.content.title(), self.content.data)
        self.opened.emit({"data": dict(self.content.data), "summary": dict(self.content.summary)})

    def _refuse(self, error: UserError) -> Banner:
        """Say why data could not be opened, also at the settings when those that are open were to be read anew."""
        if self._reading_again:
            self.content.settings.refuse(error)
        self.clear_banners()
        banner = self.show_banner(Banner.of_error(error))
        banner.set_closable(True)
        return banner

    def _fail(self, error: UserError) -> None:
        self.clear_banners()
        self.show_banner(Banner.of_error(error)).set_closable(True)

    def _fail_opening(self, error: UserError) -> None:
        """Say why nothing could be opened; data that were known and have moved can be located."""
        path = str(self._wanted.get("path", ""))
        banner = self._refuse(error)
        if path and not Path(path).exists():
            banner.add_action(tr("Locate…")).clicked.connect(self._locate)

    def _locate(self) -> None:
        data = dict(self._wanted)
        if Path(str(data["path"])).suffix:
            path, _ = QFileDialog.getOpenFileName(self, tr("Where are the data now?"))
        else:
            path = QFileDialog.getExistingDirectory(self, tr("Where are the data now?"))
        if path:
            self.open_settings({**data, "path": path})
