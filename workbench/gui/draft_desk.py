"""Joins the pages that set a run up: Data, Model and Train show one draft, filled in by hand or from a recipe."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.backstage import Backstage
from workbench.gui.draft import identity_of
from workbench.gui.loan import Loan
from workbench.gui.suggestion import Suggestion

if TYPE_CHECKING:  # the window is painted before these are imported
    from workbench.gui.pages.data import DataPage
    from workbench.gui.pages.model import ModelPage
    from workbench.gui.pages.train import TrainPage


class DraftDesk(QObject):
    """Lives as long as its pages."""

    changed = Signal()  # data, architecture or training were edited
    held_changed = Signal()  # the data have other settings than their page shows, or no longer
    lent = Signal(object)  # [training] in part: what the next run alone gets
    returned = Signal()  # nothing is lent any more

    def __init__(
        self, behind: Backstage, data: "DataPage", model: "ModelPage", train: "TrainPage", parent: QObject
    ) -> None:
        super().__init__(parent)
        self._draft = behind.draft
        self._data, self._model, self._train = data, model, train
        self._suggestion = Suggestion(behind.engine, train, self)
        self._loan = Loan(behind.memory, self)
        data.opened.connect(self._take_data)
        data.held_changed.connect(self._hold)
        model.changed.connect(self._take_architecture)
        model.start_changed.connect(self._take_start)
        model.fitting_found.connect(train.show_fitting)
        train.changed.connect(self._take_training)
        train.mend_requested.connect(self._mend)
        self._suggestion.made.connect(self._take_training)
        self._loan.over.connect(self.returned)
        self._loan.returned.connect(self._take_start)
        self._draft.ordered.connect(self._end_loan)
        self._hold(data.holds())

    def use(self, recipe: Mapping[str, Any]) -> None:
        """Set up a new run from this recipe: its data are opened, the forms show its settings."""
        self._loan.drop()
        self._show(recipe)

    def use_with(self, recipe: Mapping[str, Any], lent: Mapping[str, Any]) -> None:
        """Set up a new run from this recipe, with settings of its training that the next run alone gets."""
        self.use(recipe)
        own = self._train.training()
        self._loan.lend(recipe.get("data", {}), {name: own[name] for name in lent if name in own})
        self._take_start(lent)
        self.lent.emit(lent)

    def restore(self, recipe: Mapping[str, Any]) -> None:
        """Show the forms as they were left, with what the next run alone gets."""
        self._show(recipe)
        if self._loan.is_on():
            self.lent.emit(self._train.training())

    def keep(self) -> None:
        """Take what the form of the training shows as what the program chose."""
        self._model.set_training(self._train.training())
        self._suggestion.keep()

    def _show(self, recipe: Mapping[str, Any]) -> None:
        self._train.set_training(recipe.get("training", {}), whole=True)
        self._take_training(self._train.training() or dict(recipe.get("training", {})))
        if recipe.get("architecture"):
            self._model.set_architecture(dict(recipe["architecture"]))
        if recipe.get("data"):
            self._data.open_settings(dict(recipe["data"]))

    def _take_data(self, opened: Mapping[str, Any]) -> None:
        self._loan.look_at(opened["data"])
        if identity_of(opened["data"]) != identity_of(self._draft.data):
            self._suggestion.suit(opened["data"])
        self._draft.set_data(opened)
        self._model.set_data(dict(opened["data"]), dict(opened["summary"]))
        self.changed.emit()

    def _hold(self, held: bool) -> None:
        self._draft.held = held
        self.held_changed.emit()

    def _take_architecture(self, architecture: Mapping[str, Any]) -> None:
        self._draft.set_architecture(architecture)
        self._data.set_architecture(architecture)
        self.changed.emit()

    def _take_training(self, training: Mapping[str, Any]) -> None:
        self._draft.set_training(training)
        self._model.set_training(dict(training))
        self.changed.emit()

    def _take_start(self, start: Mapping[str, Any]) -> None:
        """Take settings of the training that come from elsewhere: the form on Train shows them as well."""
        self._train.set_training(start)
        self._take_training(self._train.training())

    def _end_loan(self, *_: object) -> None:
        self._loan.end()

    def _mend(self, settings: Mapping[str, Any]) -> None:
        """Change these settings, by full name, on the pages that have them."""
        recipe = self._draft.with_settings(settings)
        if recipe["training"] != self._draft.training:
            self._take_start(recipe["training"])
        if recipe["architecture"] != self._draft.architecture:
            self._model.set_architecture(recipe["architecture"])
