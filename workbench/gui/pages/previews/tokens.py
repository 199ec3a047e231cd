"""Opened texts without labels: the text itself, with its tokens in colours, as the model will read it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.latest import Latest
from workbench.gui.pages.previews.preview import Preview, split_titles
from workbench.gui.theme import look
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.chips import MenuChip
from workbench.gui.widgets.token_view import Shade, TokenView, visible

_PAGE = 2000  # characters
_STRENGTH = 0.22
_COLORS = ("series1", "series2", "series3", "series4")
_UNKNOWN = 1


class TokensPreview(Preview):
    """A page of one text at a time; pointing at a token tells its number."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.set_title(tr("Tokens"))
        self._data: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._architecture: dict[str, Any] = {}
        self._pieces: list[tuple[str, int]] = []
        self._sum = ""
        self._place = (0, 0)  # text, and character in it
        self._earlier: list[tuple[int, int]] = []
        self._later: tuple[int, int] | None = None
        self._cut = Latest(engine, "tokens.cut", 0, self)
        self._cut.answered.connect(lambda answer, _: self._show(answer))
        self._cut.failed.connect(lambda error, _: self._fail(error))
        self._make_chips()
        self.view = TokenView()
        self.view.setObjectName("data.tokens")
        self.view.setAccessibleName(tr("Text with its tokens"))
        self.view.pointed.connect(self._show_token)
        self.add(self.view, 1)
        self.body.addLayout(self._make_pager())

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        self._data = data
        self._counts = {name: int(split.get("count", 0)) for name, split in summary["splits"].items()}
        titles = {name: title for name, title in split_titles().items() if self._counts.get(name)}
        self._split.set_choices(titles, next(iter(titles), None))
        self._begin()

    def set_architecture(self, architecture: dict[str, Any]) -> None:
        self._architecture = dict(architecture)
        if self._tokens.value() == "model" and self._data:
            self._ask()

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        facts = summary.get("facts", {})
        tiles = [
            (tr("Texts"), figures.count(int(facts.get("documents", 0)))),
            (tr("Characters"), figures.count(int(facts.get("characters", 0)))),
        ]
        different = int(facts.get("different_characters", 0))
        return [*tiles, (tr("Different characters"), figures.count(different))] if different else tiles

    def _make_chips(self) -> None:
        self._split = MenuChip(split_titles(), "training")
        self._split.setObjectName("data.split_filter")
        self._split.setToolTip(tr("Show one split"))
        self._split.chosen.connect(lambda _: self._begin())
        kinds = {
            "model": tr("As the model"),
            "character": tr("Characters"),
            "bpe": tr("Byte pairs"),
            "wordpiece": "WordPiece",
            "word": tr("Words"),
        }
        self._tokens = MenuChip(kinds, "model")
        self._tokens.setObjectName("data.tokens_kind")
        self._tokens.setToolTip(tr("Cut the text in another way; this changes nothing on the Model page."))
        self._tokens.chosen.connect(lambda _: self._ask())
        self.add_action(self._tokens)
        self.add_action(self._split)

    def _make_pager(self) -> QHBoxLayout:
        self._about = look(QLabel(), "muted")
        self._about.setObjectName("data.tokens_about")
        self._back = icon_button("caret-left", tr("Earlier text"))
        self._on = icon_button("caret-right", tr("Later text"))
        self._back.clicked.connect(self._turn_back)
        self._on.clicked.connect(self._turn_on)
        line = QHBoxLayout()
        line.addWidget(self._about, 1)
        line.addWidget(self._back)
        line.addWidget(self._on)
        return line

    def _begin(self) -> None:
        self._place, self._earlier = (0, 0), []
        self._ask()

    def _turn_on(self) -> None:
        if self._later is not None:
            self._earlier.append(self._place)
            self._place = self._later
            self._ask()

    def _turn_back(self) -> None:
        if self._earlier:
            self._place = self._earlier.pop()
            self._ask()

    def _ask(self) -> None:
        if not self._split.value():
            return
        kind, architecture = self._tokens.value(), self._architecture
        if kind != "model":
            kept = {"vocabulary": architecture["vocabulary"]} if architecture.get("kind") == "gpt" else {}
            architecture = {"kind": "gpt", "tokens": kind, **kept}
        document, start = self._place
        question = {"data": self._data, "architecture": architecture, "split": self._split.value()}
        self._cut.ask({**question, "document": document, "start": start, "count": _PAGE})

    def _show(self, answer: Mapping[str, Any]) -> None:
        self._pieces = [(str(text), int(place)) for text, place in answer["pieces"]]
        self.view.clear_tokens()
        self.view.append_tokens((text, _shade(number, place)) for number, (text, place) in enumerate(self._pieces))
        self.view.verticalScrollBar().setValue(0)
        document, end = int(answer["document"]), int(answer["start"]) + _PAGE
        self._later = (document, end) if end < int(answer["length"]) else None
        if self._later is None and document + 1 < int(answer["documents"]):
            self._later = (document + 1, 0)
        self._back.setEnabled(bool(self._earlier))
        self._on.setEnabled(self._later is not None)
        self.set_note(str(answer["name"]))
        length = float(answer["characters_per_token"])
        self._sum = tr(
            "About {tokens} tokens of {length} characters, {vocabulary} different ones",
            tokens=figures.number(float(answer["characters"]) / max(length, 1e-9)),
            length=figures.number(length),
            vocabulary=figures.count(int(answer["vocabulary"])),
        )
        self._about.setText(self._sum)

    def _show_token(self, number: int) -> None:
        if not 0 <= number < len(self._pieces):
            self._about.setText(self._sum)
            return
        text, place = self._pieces[number]
        shown = visible(text)
        if place < 0:
            self._about.setText(tr("{text} is left out.", text=shown))
        elif place == _UNKNOWN and self._tokens.value() != "bpe":
            self._about.setText(tr("{text} is not in the vocabulary.", text=shown))
        else:
            self._about.setText(tr("{text} is token {number}.", text=shown, number=figures.count(place)))

    def _fail(self, error: UserError) -> None:
        self.view.clear_tokens(error.translated())
        self._pieces, self._later = [], None
        self._about.setText("")
        self._back.setEnabled(False)
        self._on.setEnabled(False)


def _shade(number: int, place: int) -> Shade:
    if place < 0:
        return Shade()
    return Shade("error", 2 * _STRENGTH) if place == _UNKNOWN else Shade(_COLORS[number % len(_COLORS)], _STRENGTH)
