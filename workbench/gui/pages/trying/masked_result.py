"""What a model puts in place of the masks of a text, or where there is none, at every place of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QLabel, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.pages.trying.result import Result, taken
from workbench.gui.theme import look
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.token_view import Shade, TokenView, visible

_MASKED = 0.45  # strength of the colour behind a mask's guess
_STRONGEST = 0.55  # behind a token that the model gave no chance


class MaskedResult(Result):
    """The text with the best guesses in it; the candidates of each mask as bars, or of the place one points at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens: Sequence[Mapping[str, Any]] = ()
        self._masks: Sequence[Sequence[Mapping[str, Any]]] = ()
        self._places: list[int] = []  # of each mask among the tokens
        self._chosen = -1
        self.view = TokenView()
        self.view.setObjectName("try.tokens")
        self.view.setAccessibleName(tr("What the model would put there"))
        self.view.pointed.connect(self._point)
        self.told = look(QLabel(), "muted")
        self.told.setObjectName("try.told")
        self.told.setWordWrap(True)
        self.bars = Bars()
        self.bars.setObjectName("try.bars")
        for widget in (self.view, self.told, self.bars):
            self.room.addWidget(widget)
        self.clear_answer()

    def answer(self, prediction: Mapping[str, Any]) -> str:
        return str(prediction.get("label", ""))

    def show_answer(self, prediction: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        self._tokens, self._masks = prediction["tokens"], prediction["masks"]
        self._places = [place for place, token in enumerate(self._tokens) if not token["token"]]
        self._chosen = 0 if self._masks else -1
        time = taken(prediction)
        if self._masks:
            self.show_line(self.answer(prediction), time)
        elif self._tokens:
            right = sum(token["label"] == token["token"] for token in self._tokens)
            share = tr("{right} of {all}", right=right, all=len(self._tokens))
            small = tr("tokens are what the model would put there")
            self.show_line(share, f"{small} · {time}" if time else small)
        self.view.clear_tokens()
        self.view.append_tokens(self._shown())
        self._show_chosen()
        for widget in (self.view, self.told):
            widget.show()

    def clear_answer(self) -> None:
        self._tokens, self._masks, self._places = (), (), []
        for widget in (self.view, self.told, self.bars):
            widget.hide()

    def candidates(self) -> Sequence[Mapping[str, Any]]:
        """Return those that are shown as bars, best first."""
        return self._masks[self._chosen] if 0 <= self._chosen < len(self._masks) else ()

    def _shown(self) -> list[tuple[str, Shade]]:
        """Return the text again; between words there is a blank, where tokens do not bring their own."""
        texts = [str(token["token"] or token["label"]) for token in self._tokens]
        own = any(text.startswith(" ") for text in texts) or all(len(text) == 1 for text in texts)
        shown = []
        for place, (token, text) in enumerate(zip(self._tokens, texts, strict=True)):
            joined = text.removeprefix("##") if place else text
            blank = " " if place and not own and joined == text and joined[:1].isalnum() else ""
            chance = float(token["score"]) if token["label"] == token["token"] else 0.0
            strength = 0.0 if self._masks else _STRONGEST * (1 - chance) ** 2
            shade = Shade("warning", strength) if token["token"] else Shade("accent", _MASKED)
            shown.append((blank + joined, shade))
        return shown

    def _point(self, number: int) -> None:
        if number in self._places:
            self._chosen = self._places.index(number)
            self._show_chosen()
        elif 0 <= number < len(self._tokens):
            token = self._tokens[number]
            values = {
                "token": visible(str(token["token"])),
                "guess": visible(str(token["label"])),
                "share": figures.percent(float(token["score"])),
            }
            self.told.setText(tr("{token}: the model would put {guess} here, with {share}.", **values))

    def _show_chosen(self) -> None:
        shown = self.candidates()
        self.bars.setVisible(bool(shown))
        if shown:
            self.bars.set_bars([(visible(str(guess["label"])), float(guess["score"])) for guess in shown])
            many = len(self._masks) > 1
            told = tr("Candidates of mask {number}. Point at another mask to see its own.", number=self._chosen + 1)
            self.told.setText(told if many else tr("What the model would put in place of the mask."))
        else:
            self.told.setText(
                tr("Without a mask, the model says what it would put at every place. Point at a token to see it.")
            )
