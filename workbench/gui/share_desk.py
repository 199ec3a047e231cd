"""Joins the Share page with what can be set up from a run: pruning it, and teaching another network with it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workbench.core.run_folder import RunFolder
from workbench.core.run_summary import recipe_of
from workbench.core.words import tr
from workbench.gui import figures, smaller
from workbench.gui.pages.share import SharePage
from workbench.gui.widgets.banner import Banner


class ShareDesk(QObject):
    """Lives as long as its page; made(recipe, page): a recipe, and where to go on with it."""

    made = Signal(object, str)

    def __init__(self, page: SharePage, show: Callable[[Banner], object]) -> None:
        """show: puts a message above every page."""
        super().__init__(page)
        self._show = show
        self._note: Banner | None = None
        page.pruning_requested.connect(self._prune)
        page.distilling_requested.connect(self._distil)

    def forget(self) -> None:
        """Take away what was said of a recipe: it has begun."""
        if self._note is not None:
            self._note.close_banner()

    def _prune(self, path: str, share: float, epochs: int) -> None:
        recipe = smaller.pruned(recipe_of(RunFolder(Path(path))), path, share, epochs)
        self.made.emit(recipe, "train")
        shown = figures.percent(share, 0)
        self._say(tr("The next run begins with these weights and prunes {share} of every layer.", share=shown))

    def _distil(self, path: str) -> None:
        recipe = smaller.taught(recipe_of(RunFolder(Path(path))), path)
        self.made.emit(recipe, "model")
        self._say(tr("The next run learns from this model: choose a smaller network for it, then train."))

    def _say(self, text: str) -> None:
        self.forget()
        self._note = Banner("note", text)
        self._note.closed.connect(lambda: setattr(self, "_note", None))
        self._show(self._note)
