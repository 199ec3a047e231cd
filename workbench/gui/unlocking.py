"""The message that something encrypted waits for its passphrase, and the way to type it."""

from collections.abc import Callable

import shiboken6
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.passphrases import Passphrases, ask
from workbench.gui.widgets.banner import Banner


class Unlocking:
    """Says once that a passphrase is needed; when it was typed, what waited goes on by itself."""

    def __init__(self, show: Callable[[Banner], object], passphrases: Passphrases, window: QWidget) -> None:
        """show: puts a banner where it is seen."""
        self._show, self._passphrases, self._window = show, passphrases, window
        self._banner: Banner | None = None

    def tell(self, error: UserError) -> None:
        """Show the error, in place of an earlier one, with a button that asks for the passphrase."""
        self.close()
        banner = self._banner = Banner("warning", tr(error.message))
        banner.setObjectName("passphrase.banner")
        enter = banner.add_action(tr("Enter the passphrase…"))
        enter.setObjectName("passphrase.enter")
        enter.clicked.connect(lambda: ask(tr(error.message), self._window.window(), self._passphrases.remember))
        self._show(banner)

    def close(self) -> None:
        """Take the message away."""
        banner, self._banner = self._banner, None
        if banner is not None and shiboken6.isValid(banner):
            banner.close_banner()
