"""Passphrases of this session: asked for when something encrypted is opened, told to the processes that need them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core.locked_run import SHORTEST
from workbench.core.words import tr
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import primary_button

_WIDE = 380


class Remembers(Protocol):
    """What starts processes, and tells each of them a passphrase on its standard input."""

    def remember(self, passphrase: str) -> None: ...


class Passphrases(QObject):
    """Knows what was typed until the window closes; nothing of it is written."""

    known = Signal()  # there is one more

    def __init__(self, listeners: Sequence[Remembers], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners = tuple(listeners)

    def remember(self, passphrase: str) -> None:
        """Let everything that opens encrypted files know a passphrase."""
        for listener in self._listeners:
            listener.remember(passphrase)
        self.known.emit()


class PassphraseDialog(QDialog):
    """Asks for a passphrase, twice where it is a new one; `given` carries it."""

    given = Signal(str)

    def __init__(self, text: str, *, new: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._new = new
        self.setObjectName("passphrase")
        self.setWindowTitle(tr("Passphrase"))
        sentence = QLabel(text)
        sentence.setWordWrap(True)
        sentence.setMinimumWidth(_WIDE)
        self.first = self._field("passphrase.first", tr("New passphrase") if new else tr("Passphrase"))
        self.again = self._field("passphrase.again", tr("Again"))
        self.again.setVisible(new)
        self.why = look(QLabel(), "caption")
        self.why.setWordWrap(True)
        self.accepts = primary_button(tr("Encrypt") if new else tr("Open"))
        self.accepts.setObjectName("passphrase.accept")
        self.accepts.clicked.connect(self._give)
        buttons = QDialogButtonBox()
        buttons.addButton(self.accepts, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole).clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(Space.medium)
        for widget in (sentence, self.first, self.again, self.why, buttons):
            layout.addWidget(widget)
        self.finished.connect(self.deleteLater)
        self._judge()

    def _field(self, name: str, title: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setAccessibleName(title)
        field.setPlaceholderText(title)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.textChanged.connect(self._judge)
        return field

    def _judge(self) -> None:
        first, again = self.first.text(), self.again.text()
        why = ""
        if self._new and len(first) < SHORTEST:
            why = tr("At least {count} letters; several words are best.", count=SHORTEST)
        elif self._new and first != again:
            why = tr("The two are not the same yet.")
        self.why.setText(why)
        self.why.setVisible(self._new)
        self.accepts.setEnabled(bool(first) and not why)

    def _give(self) -> None:
        passphrase = self.first.text()
        self.accept()
        self.given.emit(passphrase)


def ask(text: str, parent: QWidget, given: Callable[[str], object], *, new: bool = False) -> PassphraseDialog:
    """Open the dialog; `given` hears what was typed, unless the person goes back."""
    dialog = PassphraseDialog(text, new=new, parent=parent)
    dialog.given.connect(given)
    dialog.open()
    return dialog
