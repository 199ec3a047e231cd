"""The run that is being set up: data, architecture and training as the pages have them, checked after every edit."""

import math
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import UserError
from workbench.core.run_folder import new_run
from workbench.core.run_summary import data_name
from workbench.gui.engine_client import Engine
from workbench.gui.latest import Latest

_PAUSE_MILLISECONDS = 60  # of typing, before a check is asked for
_OF_STRETCHES = ("next_token", "masked_token")  # tasks whose samples are stretches of the joined texts


def identity_of(data: Mapping[str, Any]) -> list[str]:
    """Return what makes data these data and no others, however they are read."""
    return [str(data.get(name) or "") for name in ("kind", "name", "path")]


class Draft(QObject):
    """Holds the three sections of a recipe and has the engine look at them."""

    checked = Signal(object)  # the complete recipe
    refused = Signal(object)  # UserError: what cannot be, and where
    rates_changed = Signal(object, object)  # steps, learning rates over the run
    parameters_changed = Signal(int)  # of the network; 0 while they are not known
    failed = Signal(object)  # UserError: the run could not be made, though its recipe is right
    ordered = Signal(object)  # RunFolder: made, and to be trained

    def __init__(self, engine: Engine, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._runs = runs
        self.data: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.architecture: dict[str, Any] = {}
        self.training: dict[str, Any] = {}
        self.parameters = 0
        self.held = False  # while the data have other settings than their page shows
        self._task = ""  # that the network would learn
        self._check = Latest(engine, "settings.check", _PAUSE_MILLISECONDS, self)
        self._check.answered.connect(lambda answer, _: self._checked(answer["recipe"]))
        self._check.failed.connect(lambda error, _: self._refuse(error))
        self._rates = Latest(engine, "settings.learning_rates", 0, self)
        self._rates.answered.connect(lambda answer, _: self.rates_changed.emit(answer["steps"], answer["values"]))
        self._rates.failed.connect(lambda error, _: self.rates_changed.emit([], []))
        self._layers = Latest(engine, "model.layers", _PAUSE_MILLISECONDS, self)
        self._layers.answered.connect(lambda answer, _: self._counted(int(answer["parameters"]), str(answer["task"])))
        self._layers.failed.connect(lambda error, _: self._counted(0, ""))

    def set_data(self, opened: Mapping[str, Any]) -> None:
        """Take what the Data page has opened: {"data": settings, "summary": what data.open answered}."""
        before, self.summary = self.summary, dict(opened["summary"])
        self.data = dict(opened["data"])
        if any(before.get(name) != self.summary.get(name) for name in ("inputs", "task", "tasks", "outputs")):
            self.architecture = {}  # made for other data: the Model page says what fits these
        self._look()

    def set_architecture(self, architecture: Mapping[str, Any]) -> None:
        """Take the settings of the architecture, which fit the data."""
        self.architecture = dict(architecture)
        self._layers.ask(self._network())
        self._look()

    def set_training(self, training: Mapping[str, Any]) -> None:
        """Take the settings of the training."""
        self.training = dict(training)
        self._look()

    def is_complete(self) -> bool:
        """Return whether data and architecture are chosen; training has its defaults."""
        return bool(self.data and self.architecture)

    def recipe(self) -> dict[str, Any]:
        """Return the recipe as it stands."""
        return {"data": self.data, "architecture": self.architecture, "training": self.training}

    def with_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the recipe as it stands, but for these settings by full name, as architecture.depth."""
        recipe = deepcopy(self.recipe())
        for name, value in settings.items():
            *groups, last = name.split(".")
            place = recipe
            for group in groups:
                place = place[group]
            place[last] = value
        return recipe

    def order(self) -> None:
        """Have the recipe written into the folder of a new run; then comes `ordered`, or else `refused` or `failed`."""
        recipe = self.recipe()
        title = f"{self.architecture.get('kind', '')}-{data_name(self.data)}"

        def make(answer: Mapping[str, Any]) -> None:
            try:
                self.ordered.emit(new_run(self._runs, title, answer["toml"]))
            except UserError as error:
                self.failed.emit(error)

        self._engine.ask("settings.toml", {"recipe": recipe}).then(self, make, self.refused.emit)

    def samples(self) -> int:
        """Return how many samples there are to train on, or 0 without data; stretches of texts nobody has counted."""
        if self._task in _OF_STRETCHES:
            return 0
        return int(self.summary.get("splits", {}).get("training", {}).get("count", 0))

    def steps_per_epoch(self, training: Mapping[str, Any] | None = None) -> int:
        """Return how many steps an epoch takes with these settings, or 0 when that is not known."""
        chosen, count = training or self.training, self.samples()
        size = chosen.get("batch_size", 0)
        size = count if size == "all" else size
        accumulation = chosen.get("accumulation", 1)
        if not (count and isinstance(size, int) and size > 0 and isinstance(accumulation, int) and accumulation > 0):
            return 0
        return math.ceil(math.ceil(count / size) / accumulation)

    def _refuse(self, error: UserError) -> None:
        self._rates.forget()  # of values that went before
        self.refused.emit(error)

    def _look(self) -> None:
        if not self.is_complete():
            return
        frozen = self.training.get("freeze", "none") != "none"  # the layer is looked for in the network
        self._check.ask({"recipe": self.recipe(), **({"network": self._network()} if frozen else {})})

    def _network(self) -> dict[str, Any]:
        """Return what the engine's model.layers wants to know of the network."""
        known = {name: self.summary.get(name) for name in ("inputs", "outputs")}
        posed = {"tasks": self.summary["tasks"]} if "tasks" in self.summary else {}
        return {"architecture": self.architecture, **known, **posed}

    def _counted(self, parameters: int, task: str) -> None:
        other = (task in _OF_STRETCHES) != (self._task in _OF_STRETCHES)
        self.parameters, self._task = parameters, task
        if other:
            self._look()  # an epoch has another number of steps
        self.parameters_changed.emit(parameters)

    def _checked(self, recipe: dict[str, Any]) -> None:
        self.checked.emit(recipe)
        training = recipe["training"]
        steps = int(training.get("steps", 0)) or self.steps_per_epoch(training) * int(training["epochs"])
        if steps:
            self._rates.ask({"recipe": recipe, "steps": steps})
        else:
            self.rates_changed.emit([], [])
