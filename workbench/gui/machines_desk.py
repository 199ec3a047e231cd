"""Joins the dialog about several machines with the draft of the next run and the engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from workbench.gui.draft import Draft
from workbench.gui.engine_client import Engine
from workbench.gui.latest import Latest
from workbench.gui.pages.train import TrainPage
from workbench.gui.pages.train_machines import MachinesDialog

_PAUSE_MILLISECONDS = 60  # of typing


class MachinesDesk(QObject):
    """Opens the dialog when the Train page asks for it; each time for a run with a name of its own."""

    def __init__(self, page: TrainPage, draft: Draft, engine: Engine, runs: Path) -> None:
        super().__init__(page)
        self._page, self._draft, self._engine, self._runs = page, draft, engine, runs
        page.machines_requested.connect(self._begin)

    def _begin(self) -> None:
        recipe = self._draft.recipe()
        self._engine.ask("launching.name", {"recipe": recipe}).then(
            self, lambda answer: self._open(recipe, answer["name"]), self._page.show_error
        )

    def _open(self, recipe: Mapping[str, Any], name: str) -> None:
        dialog = MachinesDialog(str(self._runs), self._page.window())
        asking = Latest(self._engine, "launching.lines", _PAUSE_MILLISECONDS, dialog)
        asking.answered.connect(lambda answer, _: dialog.show_lines(answer))
        asking.failed.connect(lambda error, _: dialog.show_error(error))
        about = {"recipe": dict(recipe), "name": name}
        dialog.asked.connect(lambda question: asking.ask({**about, **question}))
        dialog.save_wanted.connect(
            lambda question: self._engine.ask("launching.write", {**about, **question}).then(
                dialog, dialog.show_saved, dialog.show_error
            )
        )
        dialog.finished.connect(dialog.deleteLater)
        asking.ask({**about, **dialog.question()})
        dialog.open()
