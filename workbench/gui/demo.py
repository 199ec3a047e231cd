"""The digits sample, trained at once: how `--demo` begins."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core import paths
from workbench.core.run_folder import new_run
from workbench.core.run_reader import Batch
from workbench.core.run_summary import data_name
from workbench.gui.backstage import Backstage

_PATIENCE_MILLISECONDS = 8_000  # that others wait for the first step


class Demo(QObject):
    """Trains the sample; its recipe is complete, so the trainer waits for nothing.

    `under_way` comes with the first step, or when that takes too long: until then nothing else that loads torch should
    begin, since two processes that do so at once keep each other from it.
    """

    under_way = Signal()

    def __init__(self, behind: Backstage, parent: QObject) -> None:
        super().__init__(parent)
        self._behind = behind
        self.is_awaited = True  # its first step

    def begin(self) -> None:
        """Submit the run; raises UserError when it cannot be written."""
        asked = self.recipe().read_text("utf-8")
        plain = tomllib.loads(asked)
        title = f"{plain['architecture']['kind']}-{data_name(plain['data'])}"
        self._behind.trainings.submit(new_run(self._behind.runs.runs, title, asked))
        self._behind.follower.batch.connect(self._look_for_a_step)
        QTimer.singleShot(_PATIENCE_MILLISECONDS, self, self.go_on)

    @staticmethod
    def recipe() -> Path:
        """Return the file of what it trains."""
        return paths.resources() / "recipes" / "digits.toml"

    def go_on(self) -> None:
        """Let nobody wait for it any more."""
        if self.is_awaited:
            self.is_awaited = False
            self.under_way.emit()

    def _look_for_a_step(self, batches: Mapping[str, Batch]) -> None:
        if any(batch.scalars for batch in batches.values()):
            self.go_on()
