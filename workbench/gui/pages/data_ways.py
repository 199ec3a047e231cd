"""The ways to bring data: buttons with menus for samples, files, folders and what was open lately."""

from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QWidget

from workbench.core.words import tr
from workbench.gui.icons import icon
from workbench.gui.pages.data_welcome import SAMPLES, recipe_menu
from workbench.gui.recent import recent_data
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button


class DataWays(QWidget):
    """Two buttons; the menus open below them and do not hold up anything."""

    sample_wanted = Signal(str)
    path_wanted = Signal(str)
    recent_wanted = Signal(object)  # {title, path, data}
    hub_wanted = Signal()
    recipe_wanted = Signal(str)  # path of a ready-made recipe

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = tr("Data that come with the program, to begin with.")
        self.sample = button(tr("Sample data"), icon_name="flask", tip=tip)
        self.sample.setObjectName("data.sample")
        self.sample.setAccessibleName(tr("Sample data"))
        self.open = button(tr("Open…"), icon_name="folder-open", tip=tr("Opens a folder, an archive or a table."))
        self.open.setObjectName("data.open")
        self.open.setAccessibleName(tr("Open data"))
        self.sample_menu = QMenu(self.sample)
        for name, (title, _) in SAMPLES.items():
            action = self.sample_menu.addAction(tr(title))
            action.triggered.connect(lambda _=False, name=name: self.sample_wanted.emit(name))
        self.sample_menu.addSeparator()
        self.sample_menu.addMenu(recipe_menu(self.sample_menu, self.recipe_wanted.emit))
        self.open_menu = QMenu(self.open)
        self.open_menu.setToolTipsVisible(True)
        self.sample.clicked.connect(lambda: _pop_up(self.sample, self.sample_menu))
        self.open.clicked.connect(self._pop_up_open)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.medium)
        layout.addWidget(self.sample)
        layout.addWidget(self.open)

    def ask_for_folder(self) -> None:
        """Let a folder be chosen."""
        self._tell(QFileDialog.getExistingDirectory(self, tr("Open a folder of data")))

    def ask_for_file(self) -> None:
        """Let a file be chosen."""
        self._tell(QFileDialog.getOpenFileName(self, tr("Open a file of data"))[0])

    def _tell(self, path: str) -> None:
        if path:
            self.path_wanted.emit(path)

    def _pop_up_open(self) -> None:
        self.open_menu.clear()
        self.open_menu.addAction(icon("folder"), tr("Folder…")).triggered.connect(self.ask_for_folder)
        self.open_menu.addAction(icon("file"), tr("File or archive…")).triggered.connect(self.ask_for_file)
        hub = self.open_menu.addAction(icon("cloud-arrow-down"), tr("From the Hugging Face hub…"))
        hub.triggered.connect(self.hub_wanted)
        recent = recent_data()
        if recent:
            self.open_menu.addSeparator()
        for entry in recent:
            self._add_recent(entry)
        _pop_up(self.open, self.open_menu)

    def _add_recent(self, entry: dict[str, Any]) -> None:
        action = self.open_menu.addAction(icon("clock-counter-clockwise"), str(entry["title"]))
        action.setToolTip(str(entry["path"]))
        action.triggered.connect(lambda: self.recent_wanted.emit(entry))


def _pop_up(under: QPushButton, menu: QMenu) -> None:
    menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))
