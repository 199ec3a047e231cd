"""The window: one workspace in the language in use, what stands behind it, and the ways it begins and ends."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

from workbench.core import words
from workbench.core.errors import UserError
from workbench.core.words import LANGUAGES, listed, plural, tr
from workbench.gui import theme
from workbench.gui.backstage import Backstage
from workbench.gui.bundler import Bundler
from workbench.gui.closing import ClosingQuestion
from workbench.gui.demo import Demo
from workbench.gui.memory import Memory
from workbench.gui.qt_words import translate_qt
from workbench.gui.widgets.banner import Banner
from workbench.gui.workspace import Workspace

_START_MILLISECONDS = 250  # at the latest so long after it was made things begin, also when it is never shown
_PAINTED_MILLISECONDS = 20  # after it was shown: it is painted first


class MainWindow(QMainWindow):
    """Shows the runs of one folder, and trains into it."""

    pages_built = Signal()  # all of them are there, also after a change of the language

    def __init__(self, runs: Path) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Workbench")
        self.setMinimumSize(1024, 640)
        self.behind = Backstage(runs, self)
        self.memory = self.behind.memory
        self.bundler = Bundler(runs, self)
        self._closing = ""
        self._demo: Demo | None = None
        self.resize(1280, 800)
        self.restoreGeometry(QByteArray.fromBase64(self.memory.get("geometry", "").encode()))
        self._build()
        self.installEventFilter(self)
        self.bundler.said.connect(lambda banner: self.workspace.show_message(banner))
        self.behind.trainings.idle.connect(self._close_when_idle)
        self.behind.runs.known.connect(self._show_what_was_interrupted)
        QTimer.singleShot(_START_MILLISECONDS, self, self.start)

    def start(self) -> None:
        """Begin: engine, runs, and the forms as they were left; by itself once the window is painted."""
        if self.behind.engine.is_running() or self._closing:
            return
        if self._demo is not None and self._demo.is_awaited:
            self.workspace.building.start()
            return
        self.behind.start_engine()
        self._begin_with(self.workspace)

    def _begin_with(self, workspace: Workspace) -> None:
        """Go on once every page is there."""
        if workspace.building.is_done():
            self._begin()
        else:
            workspace.building.done.connect(self._begin)
            workspace.building.start()

    def _begin(self) -> None:
        if self._closing:
            return
        self.behind.start()
        live = self.behind.trainings.live()
        if live and not self.workspace.train.run():
            self.workspace.train_desk.show(live[0])
        if self._demo is not None:
            self.workspace.go("train")
        else:
            self._restore_forms()
            self.workspace.go("train" if live else self._page_to_open())

    def begin_demo(self) -> None:
        """Train the digits sample and show it once there is a page for it; the engine waits for the first step."""
        self._demo = demo = Demo(self.behind, self)
        demo.under_way.connect(self._go_on_after_demo)
        try:
            demo.begin()
        except UserError as error:
            demo.go_on()
            self.workspace.show_error(error)
            return
        if self.workspace.building.is_done():
            self._show_demo(demo)
        else:
            self.workspace.building.done.connect(lambda: self._show_demo(demo))

    def _show_demo(self, demo: Demo) -> None:
        if demo.folder is not None:
            self.workspace.train_desk.show(demo.folder.name)
        self.workspace.go("train")
        if demo.error is not None:
            self.workspace.show_error(demo.error)

    def _go_on_after_demo(self) -> None:
        """Begin what waited, and fill the forms with the demo's recipe: its trainer is not kept from it any more."""
        self.start()
        self.workspace.open_recipe(str(Demo.recipe()))

    def use_theme(self, choice: str) -> None:
        """Switch to the light or the dark theme, or follow the system."""
        theme.current().choose(choice)  # type: ignore[arg-type]
        self.memory.put("theme", choice)

    def use_language(self, language: str) -> None:
        """Build the workspace again in another language; what trains, what is open and what was typed stays."""
        if language == words.language() or language not in LANGUAGES:
            return
        words.use_language(language)
        if application := QCoreApplication.instance():
            translate_qt(application)
        self.memory.put("language", language)
        page, shown, old = self.workspace.current(), self.workspace.train.run(), self.workspace
        old.stop()
        self._build()
        old.deleteLater()
        self._restore_forms()
        if shown:
            self.workspace.train_desk.show(shown)
        if old.building.is_done():
            self.workspace.runs_desk.take_over(old.runs_desk)
        self.workspace.go(page)

    def end(self, how: str) -> None:
        """Close the window without asking; how: "keep" what trains going, or "stop" it."""
        self._closing = how
        self.close()

    def tell(self, error: UserError) -> None:
        """Show an error that nobody else shows; what was typed is kept first, in case worse follows."""
        self.memory.flush()
        banner = self.workspace.show_error(error)
        if error.details:
            banner.add_action(tr("Save a debug bundle")).clicked.connect(self.save_bundle)

    def tell_unexpected_end(self, details: str) -> None:
        """Say that the window closed unexpectedly last time, and what is there again; details: the crash report."""
        banner = Banner("warning", tr("Workbench closed unexpectedly last time."), restored_text(self.memory), details)
        banner.setObjectName("window.unexpected_end")
        banner.add_action(tr("Save a debug bundle")).clicked.connect(self.save_bundle)
        self.workspace.show_above(banner)

    def save_bundle(self) -> None:
        """Pack what helps whoever mends a fault, without data and without secrets; a message says where it lies."""
        self.memory.flush()
        self.bundler.start()

    def come_to_front(self) -> None:
        """Show the window above the others: someone started the program again."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def is_quiet(self) -> bool:
        """Return whether no thread of this window runs any more."""
        return self.behind.trainings.is_quiet()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(_PAINTED_MILLISECONDS, self, self.start)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once when something trains; nothing is lost whatever the answer is."""
        live = self.behind.trainings.live()
        if live and not self._closing:
            event.ignore()
            self._question = ClosingQuestion(live, self.behind.trainings.ends_with_the_window(), self)
            self._question.chosen.connect(self.end)
            self._question.open()
            return
        stop, self._closing = self._closing == "stop", self._closing or "keep"
        self.memory.put("geometry", self.saveGeometry().toBase64().toStdString())
        self.workspace.stop()
        self.bundler.stop()
        if self.behind.end(stop=stop):
            event.accept()
        else:
            event.ignore()  # a thread is saving; once it has, the window closes
            self.workspace.show_note(tr("Saving what was learned. The window closes by itself."))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let threads end before the window is destroyed, however that comes about.

        A filter, and not `event`: below a handler of ours that calls Qt's, an error in painting would be kept until
        that returns, and the paintings after it would run into it.
        """
        if watched is self and event.type() == QEvent.Type.DeferredDelete:
            self._closing = self._closing or "keep"
            self.workspace.stop()
            self.bundler.stop()
            self.behind.end_now()
        return False

    def _build(self) -> None:
        self.workspace = Workspace(self.behind)
        self.workspace.building.done.connect(self.pages_built)
        self.setCentralWidget(self.workspace)
        self.workspace.side_bar.theme_wanted.connect(self.use_theme)
        self.workspace.side_bar.language_wanted.connect(self.use_language)
        self.workspace.side_bar.bundle_wanted.connect(self.save_bundle)
        self.workspace.draft_changed.connect(self._remember_forms)
        self.workspace.stack.currentChanged.connect(lambda _: self.memory.put("page", self.workspace.current()))

    def _show_what_was_interrupted(self) -> None:
        """Show the newest run when its trainer died, unless something else is shown by now."""
        newest = next(iter(self.behind.runs.rows()), None)
        if newest is not None and newest.state == "interrupted" and not self.workspace.train.run():
            self.workspace.train_desk.show(newest.name)

    def _close_when_idle(self) -> None:
        if self._closing:
            self.close()

    def _page_to_open(self) -> str:
        page = self.memory.get("page", "data")
        return page if page in self.workspace.pages else "data"

    def _remember_forms(self) -> None:
        draft = self.behind.draft
        for name in ("data", "architecture", "training"):
            if value := getattr(draft, name):
                self.memory.put(name, value)

    def _restore_forms(self) -> None:
        recipe: dict[str, Any] = {name: self.memory.get(name, {}) for name in ("data", "architecture", "training")}
        if _is_gone(recipe["data"]):
            recipe["data"] = {}  # moved or unplugged: nothing to complain about before anyone asks for it
        self.workspace.draft_desk.restore(recipe)


def _is_gone(settings: dict[str, Any]) -> bool:
    path = settings.get("path")
    return bool(path) and not Path(path).exists()


def restored_text(memory: Memory) -> str:
    """Return in words what the window has again of what was open."""
    titles = {"data": tr("data"), "architecture": tr("model"), "training": tr("training settings")}
    parts = [title for name, title in titles.items() if memory.get(name, {}) and not _is_gone(memory.get(name, {}))]
    if queue := memory.get("queue", []):
        parts.append(plural(len(queue), "{count} waiting run", "{count} waiting runs"))
    restored = tr("Restored: {parts}.", parts=listed(parts)) if parts else tr("No form had been filled in.")
    return f"{restored} {tr('Runs in a process of their own went on.')}"
