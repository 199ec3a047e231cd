"""Trying a model that guesses hidden words: a sentence with masks in it, and what the model puts there."""

from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.core.words import tr
from workbench.gui.pages.trying.masked_result import MaskedResult
from workbench.gui.pages.trying.predicting import PredictPanel
from workbench.gui.pages.trying.text_input import TextInput
from workbench.gui.widgets.buttons import button

MASK = "[MASK]"


class MaskedInput(TextInput):
    """A box of text, and a button that hides a word of it."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.line = tr("Hide words of a sentence with {mask}, and see what the model puts there.", mask=MASK)
        self.text.setPlaceholderText(
            tr("Type a sentence, such as: Hello, my {mask} is cute. The model answers when you pause.", mask=MASK)
        )
        self.hide_word = button(tr("Mask"), "", tr("Hides what is selected, or the word at the text cursor."))
        self.hide_word.setObjectName("try.mask")
        self.hide_word.clicked.connect(self.mask)
        self.ways = (*self.ways, self.hide_word)

    def mask(self) -> None:
        """Put a mask in place of what is selected, or of the word at the text cursor."""
        cursor = self.text.textCursor()
        if not cursor.hasSelection():
            cursor.select(cursor.SelectionType.WordUnderCursor)
        cursor.insertText(MASK)
        self.text.setFocus()


class MaskedPanel(PredictPanel):
    """A sentence on the left, and the candidates for its masks on the right."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(MaskedInput, MaskedResult, engine, parent)
