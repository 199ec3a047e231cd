"""The Data page before anything is open: a place to drop things, samples to begin with, and what was open lately."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from workbench.core.examples import examples
from workbench.core.words import mark, tr
from workbench.gui import theme
from workbench.gui.theme import look
from workbench.gui.tokens import Size
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.choice_card import ChoiceCard
from workbench.gui.widgets.sign import Sign

SAMPLES: dict[str, tuple[str, str]] = {
    "digits": (mark("Handwritten digits"), mark("1,797 pictures of 8 × 8 pixels, ten classes.")),
    "reviews": (mark("Product reviews"), mark("Short texts in English and Chinese, good or bad.")),
    "review-labels": (mark("Reviews, two labels"), mark("The same texts: good or bad, and the language.")),
    "wine": (mark("Wines"), mark("13 measurements of 178 wines, from three grapes.")),
    "iris": (mark("Irises"), mark("Petals and sepals of 150 flowers, three species.")),
    "diabetes": (mark("Diabetes"), mark("Ten values of 442 patients, to predict a number.")),
    "series": (mark("Temperature of the sea"), mark("732 months off Peru, to forecast the next twelve.")),
    "python-topics": (mark("Python's documentation"), mark("A long text, to learn to write like it.")),
}
_IN_A_ROW = 3  # cards of samples
_RECENT = 4
_RECENT_WIDTH = 120  # pixels of a name


class DataWelcome(QFrame):
    """Invites to drop data, to open a sample, or to go back to data that were open before."""

    sample_wanted = Signal(str)
    recent_wanted = Signal(object)  # {title, path, data}
    folder_wanted = Signal()
    file_wanted = Signal()
    hub_wanted = Signal()
    recipe_wanted = Signal(str)  # path of a ready-made recipe

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        sentence = look(QLabel(tr("Drop a folder, an archive or a table here")), "heading")
        hint = look(
            QLabel(tr("Pictures in one folder per class, a zip of them, MNIST files, or a CSV of texts and labels.")),
            "muted",
        )
        self.body.addStretch(2)
        self.body.addWidget(Sign("folder-open", "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (sentence, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            self.body.addWidget(label)
        self.body.addSpacing(8)
        self.body.addLayout(self._make_buttons())
        self.body.addSpacing(20)
        self.body.addWidget(_centred(look(QLabel(tr("Or start from a sample")), "caption")))
        self.body.addLayout(self._make_samples())
        self.body.addSpacing(16)
        self._recent_title = _centred(look(QLabel(tr("Opened lately")), "caption"))
        self.body.addWidget(self._recent_title)
        self._recent = QHBoxLayout()
        self._recent.setSpacing(8)
        self.body.addLayout(self._recent)
        self.body.addStretch(3)
        self.set_recent([])

    def set_recent(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Offer data that were open before: {title, path, data}."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._recent.addStretch(1)
        for entry in entries[:_RECENT]:
            again = button("", icon_name="clock-counter-clockwise", tip=str(entry["path"]))
            title = str(entry["title"])
            again.setText(again.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, _RECENT_WIDTH))
            again.setAccessibleName(title)
            again.clicked.connect(lambda _=False, entry=entry: self.recent_wanted.emit(entry))
            self._recent.addWidget(again)
        self._recent.addStretch(1)
        self._recent_title.setVisible(bool(entries))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().color("line"), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), Size.corner, Size.corner)

    def _make_buttons(self) -> QHBoxLayout:
        folder = button(tr("Open a folder…"), icon_name="folder-open")
        file = button(tr("Open a file…"), icon_name="file")
        folder.clicked.connect(self.folder_wanted)
        hub = button(tr("From the Hugging Face hub…"), icon_name="cloud-arrow-down")
        hub.setObjectName("data.welcome.hub")
        hub.setAccessibleName(tr("From the Hugging Face hub…"))
        file.clicked.connect(self.file_wanted)
        hub.clicked.connect(self.hub_wanted)
        ready = button(tr("Ready-made recipes"), icon_name="book-open")
        ready.setObjectName("data.examples")
        ready.setAccessibleName(tr("Ready-made recipes"))
        ready.setToolTip(tr("Data, model and training in one: opens all three pages set up."))
        ready.setMenu(recipe_menu(ready, self.recipe_wanted.emit))
        return _row(folder, file, hub, ready)

    def _make_samples(self) -> QVBoxLayout:
        cards = []
        for name, (title, summary) in SAMPLES.items():
            card = ChoiceCard(tr(title), tr(summary))
            card.setObjectName(f"data.sample.{name}")
            card.setCheckable(False)
            card.setFixedWidth(222)
            card.clicked.connect(lambda _=False, name=name: self.sample_wanted.emit(name))
            cards.append(card)
        rows = QVBoxLayout()
        rows.setSpacing(14)
        for begin in range(0, len(cards), _IN_A_ROW):
            rows.addLayout(_row(*cards[begin : begin + _IN_A_ROW], space=14))
        return rows


def recipe_menu(owner: QWidget, wanted: Callable[[str], object]) -> QMenu:
    """Return a menu of the ready-made recipes; `wanted` hears the path of the one that is chosen."""
    menu = QMenu(tr("Ready-made recipes"), owner)
    for example in examples():
        act = menu.addAction(tr(example.sentence))
        act.setObjectName(f"data.example.{example.path.stem}")
        act.triggered.connect(lambda _=False, path=str(example.path): wanted(path))
    return menu


def _row(*widgets: QWidget, space: int = 8) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(space)
    row.addStretch(1)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def _centred(label: QLabel) -> QLabel:
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
