"""Training settings that suit the data, offered as long as nobody has changed any."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.engine_client import Engine

if TYPE_CHECKING:  # the window is painted before these are imported
    from workbench.gui.pages.train import TrainPage


class Suggestion(QObject):
    """Fills the training form with what suits newly opened data, unless a person has changed something in it."""

    made = Signal(object)  # [training] as the form shows it now

    def __init__(self, engine: Engine, train: "TrainPage", parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._train = train
        self._shown: dict[str, Any] = {}

    def keep(self) -> None:
        """Take what the form shows as what the program chose."""
        self._shown = self._train.training()

    def suit(self, data: Mapping[str, Any]) -> None:
        """Ask what suits these data, and show it if the form is untouched before and after."""
        if self._is_untouched():
            self._engine.ask("settings.defaults", {"data": dict(data)}).then(self, self._show, lambda error: None)

    def _show(self, answer: Mapping[str, Any]) -> None:
        if self._is_untouched():
            self._train.set_training(answer["recipe"]["training"])
            self.keep()
            self.made.emit(self._shown)

    def _is_untouched(self) -> bool:
        return self._train.training() == self._shown
