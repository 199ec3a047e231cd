"""Joins the Share page with what can be set up from a run: pruning it, and teaching another network with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.run_folder import RunFolder
from workbench.core.run_summary import asked_of
from workbench.core.words import tr
from workbench.gui import figures, smaller
from workbench.gui.pages.share import SharePage
from workbench.gui.widgets.banner import Banner


class ShareDesk(QObject):
    """Lives as long as its page.

    made(recipe, lent, page): a recipe, the settings of its training that the next run alone gets, and where to go on.
    """

    made = Signal(object, object, str)

    def __init__(self, page: SharePage, show: Callable[[Banner], object]) -> None:
        """show: puts a message above every page."""
        super().__init__(page)
        self._show = show
        self._note: Banner | None = None
        page.pruning_requested.connect(self._prune)
        page.distilling_requested.connect(self._distil)

    def forget(self) -> None:
        """Take away what was said of the next run."""
        if self._note is not None:
            self._note.close_banner()

    def tell(self, training: Mapping[str, Any]) -> None:
        """Say what the next run does with these settings, which it alone gets."""
        if training.get("teacher"):
            self._say(tr("The next run learns from this model: choose a smaller network for it, then train."))
        else:
            shown = figures.percent(training.get("pruning", {}).get("share", 0), 0)
            self._say(tr("The next run begins with these weights and prunes {share} of every layer.", share=shown))

    def _prune(self, path: str, share: float, epochs: int) -> None:
        recipe = asked_of(RunFolder(Path(path)))
        self.made.emit(smaller.own(recipe), smaller.pruned(recipe, path, share, epochs), "train")

    def _distil(self, path: str) -> None:
        self.made.emit(smaller.own(asked_of(RunFolder(Path(path)))), smaller.taught(path), "model")

    def _say(self, text: str) -> None:
        self.forget()
        self._note = Banner("note", text)
        self._note.closed.connect(lambda: setattr(self, "_note", None))
        self._show(self._note)
