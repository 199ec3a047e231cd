"""The Model page: choose an architecture, set it, and see the network, its layers and what it costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import plural, tr
from workbench.gui.latest import Latest
from workbench.gui.pages.model_choice import ArchitectureChoice
from workbench.gui.pages.model_network import ModelNetwork
from workbench.gui.pages.model_settings import ArchitectureSettings
from workbench.gui.pages.model_start import ModelStart
from workbench.gui.theme import explain
from workbench.gui.tokens import Space
from workbench.gui.widgets.at_least import scrolled_below_least
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.buttons import primary_button
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page

_DEBOUNCE = 30  # milliseconds between an edit and the question for its layers


class ModelPage(Page):
    """Asks the engine for the layers after every edit, and has the recipe measured once the person pauses."""

    changed = Signal(object)  # architecture settings, kind included, that the engine could build
    start_changed = Signal(object)  # {"start_from", "freeze" | "batch_size"}: settings of the training chosen here
    fitting_found = Signal(int)  # the batch size that fits into the memory, where the chosen one does not, else 0
    training_requested = Signal()
    data_requested = Signal()

    def __init__(self, engine: Any, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), parent=parent)
        self._engine = engine
        self._catalogue: Mapping[str, Any] = {}
        self._data: dict[str, Any] = {}
        self._summary: dict[str, Any] = {}
        self._training: dict[str, Any] = {}
        self._wanted: dict[str, Any] = {}
        self._begins_anew = False  # the data are of another kind: the network for the former ones is no longer meant
        self._built: dict[str, Any] = {}
        self._layers = Latest(engine, "model.layers", _DEBOUNCE, self)
        self._layers.answered.connect(self._show_layers)
        self._layers.failed.connect(self._show_wrong)
        self.next = primary_button(tr("Set up training"), icon_name="arrow-right")
        self.next.setObjectName("model.next")
        self.next.clicked.connect(self.training_requested)
        self.set_primary(self.next)
        self.empty = EmptyState(
            "stack",
            tr("A model is made for data"),
            tr("Open data first, then choose what learns from them."),
            tr("Go to Data"),
        )
        self.empty.acted.connect(self.data_requested)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._make_content(engine, jobs))
        self.body.addWidget(self.stack, 1)
        self._rest()

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings, as the engine's settings.catalogue answers them."""
        self._catalogue = catalogue
        self.settings.set_catalogue(catalogue)
        self.choice.set_architectures(catalogue["architectures"])
        self._rest()
        if self._summary:
            self._ask_what_fits()

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        """Take the opened data: their settings, and what data.open answered."""
        if self._summary:
            posed = ((found["inputs"]["kind"], found.get("task")) for found in (self._summary, summary))
            self._begins_anew |= len(set(posed)) > 1
        same = bool(self._summary) and all(
            summary.get(name) == self._summary.get(name) for name in ("inputs", "task", "tasks", "outputs")
        )
        self._data, self._summary = data, summary
        self.settings.set_inputs(summary["inputs"]["kind"])
        self._rest()
        if not self._catalogue:
            return
        if same and self._built:
            self.network.estimate.set_recipe(self._recipe())
        else:
            self._ask_what_fits()

    def set_architecture(self, architecture: dict[str, Any]) -> None:
        """Show these architecture settings, such as those of an earlier run."""
        self._wanted = dict(architecture)
        if self._catalogue and self._summary:
            self._take(self._wanted)
            self._wanted = dict(architecture)  # also for the data that are opened with it

    def set_training(self, training: dict[str, Any]) -> None:
        """Take the training settings: batch size and optimizer decide memory and time."""
        before, self._training = self._training, dict(training)
        self.start.set_training(training)
        counts = (
            "batch_size",
            "optimizer",
            "precision",
            "device",
            "accumulation",
            "memory_layout",
            "compile",
            "threads",
            "ema",
        )
        if self._built and any(before.get(name) != training.get(name) for name in counts):
            self.network.estimate.set_recipe(self._recipe())

    def set_runs(self, runs: Sequence[Mapping[str, Any]], folder: str = "") -> None:
        """Offer the weights of these runs, as ModelChooser has them; folder: where runs lie."""
        self.start.set_runs(runs, folder)

    def architecture(self) -> dict[str, Any]:
        """Return the newest settings that the engine could build, or an empty dictionary."""
        return dict(self._built)

    def stop(self) -> None:
        """End what is under way."""
        self._layers.forget()
        self.network.estimate.cancel()
        self.start.stop()

    def _make_content(self, engine: Any, jobs: Any) -> QWidget:
        self.choice = ArchitectureChoice()
        self.choice.setObjectName("model.architecture")
        self.choice.setAccessibleName(tr("Architecture"))
        self.choice.chosen.connect(lambda kind: self._take({"kind": kind}))
        self.settings = ArchitectureSettings()
        self.settings.setMinimumWidth(236)
        self.settings.changed.connect(self._edited)
        self.settings.validity_changed.connect(self._validity_changed)
        self.network = ModelNetwork(jobs)
        self.start = ModelStart(engine)
        self.start.changed.connect(self.start_changed)
        self.network.estimate.batch_wanted.connect(lambda size: self.start_changed.emit({"batch_size": size}))
        self.network.estimate.fitting_found.connect(self.fitting_found)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        column.addWidget(self.choice)
        row = QHBoxLayout()
        row.setSpacing(Space.gap)
        row.addWidget(self.settings, 1)
        row.addWidget(self.network, 3)
        column.addLayout(row, 1)
        column.addWidget(self.start)
        return scrolled_below_least(content)

    def _rest(self) -> None:
        ready = bool(self._catalogue and self._summary)
        if self._summary and not ready:
            self.empty.show_busy(tr("Getting ready…"))
        self.stack.setCurrentIndex(1 if ready else 0)
        explain(
            self.next,
            ready and bool(self._built),
            tr("Open data first.") if not ready else tr("These settings make no network yet."),
        )
        if not ready:
            self.set_line(tr("What learns from the data."))

    def _ask_what_fits(self) -> None:
        arguments = {"inputs": self._summary["inputs"], "tasks": self._tasks()}
        self._engine.ask("model.fits", arguments).then(self, self._show_what_fits, self._fail)

    def _tasks(self) -> list[str]:
        return list(self._summary.get("tasks") or [self._summary["task"]])

    def _show_what_fits(self, found: Mapping[str, Any]) -> None:
        reasons = {kind: fit["why"] for kind, fit in found.items()}
        fitting = [kind for kind in self._catalogue["architectures"] if not reasons.get(kind)]
        self.choice.set_reasons(reasons)
        self.set_line(self._fitting_in_words(len(fitting), len(reasons)))
        before = {} if self._begins_anew else self.settings.architecture()
        wanted = self._wanted if self._wanted.get("kind") in fitting else before
        self._begins_anew = False
        if wanted.get("kind") in fitting:
            self._take(wanted)
        elif fitting:
            recipe = {"data": self._data}
            first = {"kind": fitting[0]}
            self._engine.ask("settings.check", {"recipe": recipe}).then(
                self,
                lambda answer: self._take({"kind": answer["recipe"]["architecture"]["kind"]}),
                lambda error: self._take(first),
            )

    def _fitting_in_words(self, fitting: int, all_of_them: int) -> str:
        match self._summary["inputs"]["kind"]:
            case "image":
                line = plural(
                    fitting, "{count} architecture fits these images.", "{count} architectures fit these images."
                )
            case "text":
                line = plural(
                    fitting, "{count} architecture fits these texts.", "{count} architectures fit these texts."
                )
            case _:
                line = plural(fitting, "{count} architecture fits these data.", "{count} architectures fit these data.")
        return f"{line} {tr('The others say why they do not.')}" if fitting < all_of_them else line

    def _take(self, architecture: dict[str, Any]) -> None:
        self._wanted = {}
        self.choice.choose(architecture["kind"])
        self.settings.show_architecture(architecture)
        self._edited(self.settings.architecture())

    def _edited(self, architecture: dict[str, Any]) -> None:
        if self.settings.valid():
            self.network.estimate.set_recipe(None)
            arguments = {
                "architecture": architecture,
                "inputs": self._summary["inputs"],
                "outputs": self._summary["outputs"],
                "tasks": self._tasks(),
            }
            self._layers.ask(arguments)

    def _validity_changed(self, valid: bool) -> None:
        if not valid:
            self._layers.forget()
            self._fade()

    def _show_layers(self, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        self.clear_banners()
        self.settings.show_error(None)
        self._built = dict(asked["architecture"])
        self.network.show_layers(answer)
        self.start.set_network(asked["architecture"], asked["inputs"], asked["outputs"], asked["tasks"])
        self._rest()
        self.network.estimate.set_recipe(self._recipe())
        self.changed.emit(dict(self._built))

    def _show_wrong(self, error: UserError, _: object) -> None:
        self.settings.show_error(error)
        self._fade()

    def _fade(self) -> None:
        self._built = {}
        self.network.fade(True)
        self.start.forget_network()
        self._rest()

    def _recipe(self) -> dict[str, Any]:
        recipe = {"data": self._data, "architecture": self._built}
        return {**recipe, "training": self._training} if self._training else recipe

    def _fail(self, error: UserError) -> None:
        self.clear_banners()
        self.show_banner(Banner.of_error(error))
