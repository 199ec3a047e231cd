"""What a language model has written, token by token, and what it hesitated about."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.pages.previews.preview import split_titles
from workbench.gui.theme import look
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import Chip, ToggleChip
from workbench.gui.widgets.token_view import Shade, TokenView, visible

_CANDIDATES = 5
_STRONGEST = 0.55  # behind a token that the model gave no chance
_MOST_BITS = 10.0  # of surprise, from which on a shade is as strong as can be


class WritingResult(Card):
    """The prompt, muted, and behind it what was written; pointing at a token shows its probability and alternatives.

    In its place there can be what surprised the model most in a text that it had not learned from.
    """

    surprises_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Text"), parent=parent)
        self.setObjectName("try.result")
        self._tokens: list[Mapping[str, Any]] = []
        self.shaded = ToggleChip(tr("Surprises"), checked=True)
        self.shaded.setObjectName("try.shaded")
        self.shaded.setToolTip(tr("Colours tokens the more, the less likely the model found them."))
        self.kept = Chip(tr("In the test text"))
        self.kept.setObjectName("try.surprises")
        self.kept.setToolTip(tr("Shows what surprised the model most in texts that it has not learned from."))
        self.kept.clicked.connect(self.surprises_wanted)
        self.add_action(self.kept)
        self.add_action(self.shaded)
        self.view = TokenView()
        self.view.setObjectName("try.written")
        self.view.setAccessibleName(tr("What the model wrote"))
        self.view.setPlaceholderText(tr("The text appears here."))
        self.view.pointed.connect(self._show_token)
        self.shaded.toggled.connect(self.view.set_shaded)
        self.line = look(QLabel(), "muted")
        self.line.setObjectName("try.token")
        self.line.setWordWrap(True)
        self.bars = Bars()
        self.bars.setObjectName("try.bars")
        kept = self.bars.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # or the text would move below the mouse when they appear
        self.bars.setSizePolicy(kept)
        self.add(self.view, 1)
        self.add(self.line)
        self.add(self.bars)
        self.begin("")

    def begin(self, prompt: str) -> None:
        """Show a prompt and nothing behind it yet."""
        self._tokens = []
        self.view.clear_tokens(prompt)
        self.bars.set_bars([("", 0.0)] * _CANDIDATES)
        self.bars.setVisible(False)
        self.line.setText(tr("Point at a token to see how likely it was, and what else could have come."))
        self.set_note("")

    def add_tokens(self, tokens: Sequence[Mapping[str, Any]]) -> None:
        """Add what was written."""
        self._tokens += tokens
        self.view.append_tokens((str(token["text"]), _shade(float(token["probability"]))) for token in tokens)
        self.set_note(plural(len(self._tokens), "{count} token", "{count} tokens"))

    def show_surprises(self, found: Mapping[str, Any]) -> None:
        """Show what generation.surprises answered."""
        self.begin("")
        if not found["stretches"]:
            self.say(tr("The model has not been evaluated yet: that is done when its training ends."))
            return
        for stretch in found["stretches"]:
            between = {"text": "\n\n", "probability": 1.0} if self._tokens else None
            self.add_tokens([*([between] if between else []), *stretch])
        perplexity = figures.number(float(found["metrics"]["perplexity"]))
        bits = figures.number(float(found["metrics"]["bits_per_character"]))
        split = split_titles().get(str(found["split"]), "")
        self.set_note(split)
        self.say(
            tr(
                "Perplexity {perplexity}, {bits} bits per character. These stretches surprised the model most.",
                perplexity=perplexity,
                bits=bits,
            )
        )
        self.view.verticalScrollBar().setValue(0)

    def text(self) -> str:
        """Return what was written."""
        return "".join(str(token["text"]) for token in self._tokens)

    def say(self, text: str) -> None:
        """Say something below the text."""
        self.line.setText(text)

    def count(self) -> int:
        """Return how many tokens were written."""
        return len(self._tokens)

    def _show_token(self, number: int) -> None:
        if not 0 <= number < len(self._tokens):
            return
        token = self._tokens[number]
        share = figures.percent(float(token["probability"]))
        name = visible(str(token["text"]))
        if "top" not in token:
            self.line.setText(tr("{token} had {share}.", token=name, share=share))
            return
        self.line.setText(tr("{token} had {share}. Likeliest here:", token=name, share=share))
        self.bars.set_bars([(visible(str(guess["label"])), float(guess["score"])) for guess in token["top"]])
        self.bars.setVisible(True)


def _shade(probability: float) -> Shade:
    bits = -log2(max(probability, 1e-9))
    return Shade("warning", _STRONGEST * min(bits / _MOST_BITS, 1.0))
