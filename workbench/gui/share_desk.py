"""Joins the Share page with what can be set up from a run: pruning it, and teaching another network with it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workbench.core.run_folder import RunFolder
from workbench.core.run_summary import recipe_of
from workbench.core.words import tr
from workbench.gui import figures, smaller
from workbench.gui.pages.share import SharePage


class ShareDesk(QObject):
    """Lives as long as its page; made(recipe, page, text): a recipe, where to go on with it, and what to say there."""

    made = Signal(object, str, str)

    def __init__(self, page: SharePage) -> None:
        super().__init__(page)
        page.pruning_requested.connect(self._prune)
        page.distilling_requested.connect(self._distil)

    def _prune(self, path: str, share: float, epochs: int) -> None:
        recipe = smaller.pruned(recipe_of(RunFolder(Path(path))), path, share, epochs)
        shown = figures.percent(share, 0)
        text = tr("The next run begins with these weights and prunes {share} of every layer.", share=shown)
        self.made.emit(recipe, "train", text)

    def _distil(self, path: str) -> None:
        recipe = smaller.taught(recipe_of(RunFolder(Path(path))), path)
        text = tr("The next run learns from this model: choose a smaller network for it, then train.")
        self.made.emit(recipe, "model", text)
