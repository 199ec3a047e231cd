"""The digits sample, trained at once: how `--demo` begins."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.events import Ending
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_reader import Batch
from workbench.core.run_summary import data_name
from workbench.gui.backstage import Backstage

_PATIENCE_MILLISECONDS = 8_000  # that others wait for the first step


class Demo(QObject):
    """Trains the sample; its recipe is complete, so the trainer waits for nothing.

    `under_way` comes with the first step, at the end of a run that never came so far, or when that takes too long:
    until then nothing else that loads torch should begin, since two processes that do so at once keep each other from
    it. It is followed from the beginning, and may be over before there is a page to show it.
    """

    under_way = Signal()

    def __init__(self, behind: Backstage, parent: QObject) -> None:
        super().__init__(parent)
        self._behind = behind
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self.go_on)
        self.is_awaited = True  # its first step
        self.folder: RunFolder | None = None
        self.error: UserError | None = None  # of a trainer that ended with nothing in the folder to say why

    def begin(self) -> None:
        """Submit the run; raises UserError when it cannot be written."""
        asked = self.recipe().read_text("utf-8")
        plain = tomllib.loads(asked)
        title = f"{plain['architecture']['kind']}-{data_name(plain['data'])}"
        self.folder = new_run(self._behind.runs.runs, title, asked)
        self._behind.trainings.ended.connect(self._end)
        self._behind.follower.batch.connect(self._look_for_a_step)
        self._behind.follower.follow(self.folder)
        self._behind.trainings.submit(self.folder)
        self._patience.start(_PATIENCE_MILLISECONDS)

    @staticmethod
    def recipe() -> Path:
        """Return the file of what it trains."""
        return paths.resources() / "recipes" / "digits.toml"

    def go_on(self) -> None:
        """Let nobody wait for it any more."""
        self._patience.stop()
        if self.is_awaited:
            self.is_awaited = False
            self.under_way.emit()

    def _look_for_a_step(self, batches: Mapping[str, Batch]) -> None:
        batch = batches.get(self.folder.name) if self.folder else None
        if batch and (batch.scalars or any(isinstance(event, Ending) for event in batch.events)):
            self.go_on()

    def _end(self, name: str, error: UserError | None) -> None:
        if self.folder is not None and name == self.folder.name and self.is_awaited:
            self.error = error
            self.go_on()
