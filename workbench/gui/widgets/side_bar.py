"""The side bar: the six pages in the order of the work, and what trains now."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.core import words
from workbench.core.words import mark, tr
from workbench.gui import theme
from workbench.gui.icons import icon
from workbench.gui.theme import look
from workbench.gui.tokens import Size, Space
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.elided_label import ElidedLabel

PAGES = (
    ("data", mark("Data"), "database"),
    ("model", mark("Model"), "stack"),
    ("train", mark("Train"), "chart-line"),
    ("runs", mark("Runs"), "list-bullets"),
    ("try", mark("Try it"), "magic-wand"),
    ("share", mark("Share"), "share-network"),
)


class SideBar(QFrame):
    """Chooses the page; says which device there is and what trains, and switches theme and language.

    chosen(page name), theme_wanted("system"|"light"|"dark"), language_wanted(a key of LANGUAGES), training_clicked,
    bundle_wanted: pack a debug bundle.
    """

    chosen = Signal(str)
    theme_wanted = Signal(str)
    language_wanted = Signal(str)
    training_clicked = Signal()
    bundle_wanted = Signal()

    def __init__(self, pages: Sequence[tuple[str, str, str]] = PAGES, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "bar")
        self.setFixedWidth(Size.side_bar)
        self.setAccessibleName(tr("Pages"))
        self._entries: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.inner, Space.gap, Space.inner, Space.inner)
        layout.setSpacing(3)
        layout.addLayout(self._brand())
        layout.addSpacing(Space.medium + 1)
        for number, (name, title, icon_name) in enumerate(pages, start=1):
            layout.addWidget(self._entry(name, tr(title), icon_name, number))
        layout.addStretch(1)
        self._status = _Status()
        self._status.clicked.connect(self.training_clicked)
        layout.addWidget(self._status)

    def choose(self, name: str) -> None:
        """Show page `name` as the current one; no signal."""
        self._entries[name].setChecked(True)

    def set_available(self, name: str, available: bool, why: str = "") -> None:
        """Enable or disable the entry of a page; while disabled it says why."""
        theme.explain(self._entries[name], available, why)

    def set_device(self, text: str, good: bool = True) -> None:
        """Show the device that trains; `good` makes the dot green."""
        self._status.show_device(text, good)

    def set_training(self, text: str) -> None:
        """Show what trains now ("1 run training · 41 s left"), or nothing."""
        self._status.show_training(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        buttons = list(self._entries.values())
        focused = next((i for i, entry in enumerate(buttons) if entry.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        buttons[(focused + step) % len(buttons)].setFocus(Qt.FocusReason.TabFocusReason)

    def _brand(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(7, 0, 0, 0)
        line.addWidget(look(QLabel("Workbench"), "brand"), 1)
        switch = icon_button("sliders-horizontal", tr("Appearance and language"))
        switch.setObjectName("nav.appearance")
        switch.setMenu(self._menu(switch))
        line.addWidget(switch)
        return line

    def _menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        return menu

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        looks = QActionGroup(menu)
        for choice, title, icon_name in (
            ("system", tr("Like the system"), "monitor"),
            ("light", tr("Light"), "sun"),
            ("dark", tr("Dark"), "moon"),
        ):
            action = looks.addAction(icon(icon_name), title)
            action.setCheckable(True)
            action.setChecked(theme.current().choice == choice)
            action.triggered.connect(lambda _=False, choice=choice: self.theme_wanted.emit(choice))
            menu.addAction(action)
        menu.addSeparator()
        languages = QActionGroup(menu)
        for language, title in words.LANGUAGES.items():
            action = languages.addAction(icon("translate"), title)
            action.setCheckable(True)
            action.setChecked(words.language() == language)
            action.triggered.connect(lambda _=False, language=language: self.language_wanted.emit(language))
            menu.addAction(action)
        menu.addSeparator()
        bundle = menu.addAction(icon("bug"), tr("Save a debug bundle"))
        bundle.setToolTip(tr("Packs log, versions, recipes and events for whoever mends a fault; no data, no secrets."))
        bundle.triggered.connect(lambda _=False: self.bundle_wanted.emit())

    def _entry(self, name: str, title: str, icon_name: str, number: int) -> QPushButton:
        entry = look(QPushButton(f"  {title}"), "nav")
        entry.setObjectName(f"nav.{name}")
        entry.setIcon(icon(icon_name, "muted", selected="accent"))
        entry.setIconSize(QSize(17, 17))
        entry.setCheckable(True)
        entry.setAutoDefault(False)
        entry.setAccessibleName(title)
        entry.setToolTip(tr("{page} (Ctrl+{number})", page=title, number=number))
        entry.setShortcut(f"Ctrl+{number}")
        entry.clicked.connect(lambda: self.chosen.emit(name))
        self._entries[name] = entry
        self._group.addButton(entry)
        return entry


class _Status(QAbstractButton):
    """Two lines: the device with a dot, and what trains now; a click goes there."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("nav.training")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("Go to what trains now"))
        self._dot = _Dot()
        self._device = look(ElidedLabel(), "muted")
        self._training = look(ElidedLabel(), "caption")
        first = QHBoxLayout()
        first.setSpacing(Space.small)
        first.addWidget(self._dot)
        first.addWidget(self._device, 1)
        self._lines = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addWidget(self._training)
        self.show_device("", good=False)
        self.show_training("")

    def show_device(self, text: str, good: bool) -> None:
        self._device.setText(text)
        self._dot.token = "good" if good else "muted"
        self._dot.setVisible(bool(text))
        self._dot.update()
        self._describe()

    def show_training(self, text: str) -> None:
        self._training.setText(text)
        self._training.setVisible(bool(text))
        self.setEnabled(bool(text))
        self.setCursor(Qt.CursorShape.PointingHandCursor if text else Qt.CursorShape.ArrowCursor)
        self._describe()

    def sizeHint(self) -> QSize:
        return self._lines.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.current().color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _describe(self) -> None:
        self.setAccessibleName(", ".join(text for text in (self._device.text(), self._training.text()) if text))


class _Dot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.token = "muted"
        self.setFixedSize(12, 12)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color(self.token))
        painter.drawEllipse(QRectF(1, 1, 10, 10))
