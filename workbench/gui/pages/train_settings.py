"""The settings of the next training, as a form in a card."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.words import Words, plural, tr
from workbench.gui import figures
from workbench.gui.form import Form
from workbench.gui.theme import explain, look
from workbench.gui.widgets.buttons import link_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.scroll import scrolled


class TrainSettings(Card):
    """The form of `[training]`: built when the declarations of all settings are there."""

    changed = Signal(object)
    validity_changed = Signal(bool)
    machines_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(caption=tr("Settings"), parent=parent)
        self.form: Form | None = None
        self._catalogue: Mapping[str, Any] = {}
        self._devices: list[Mapping[str, Any]] = []
        self._wanted: dict[str, Any] = {}
        self._steps = self._fitting = 0
        self.setFixedWidth(270)
        self.machines = link_button(tr("Several machines…"), tr("How this is started on several machines."))
        self.machines.setObjectName("train.machines")
        self.machines.clicked.connect(self.machines_requested)
        self.add_action(self.machines)
        self.next = look(ElidedLabel(""), "muted")
        self.next.setObjectName("train.next")
        self.next.hide()
        self.add(self.next)
        self.body.addStretch(1)  # holds the heading at the top until the form is there

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Build the form from the declarations, as the engine's settings.catalogue answers them."""
        self._catalogue = catalogue
        if self.form is None:
            form = self.form = Form("training", self._schema(), catalogue)
            form.setObjectName("train.form")
            form.setAccessibleName(tr("Training settings"))
            form.changed.connect(self.changed)
            form.validity_changed.connect(self.validity_changed)
            self.body.takeAt(self.body.count() - 1)
            self.add(scrolled(form), 1)
            if self._wanted:
                self.set_values(self._wanted)

    def allow_machines(self, allowed: bool, why: str) -> None:
        """Allow to ask how this is started elsewhere; while it is not allowed it says why."""
        explain(self.machines, allowed, why)

    def set_devices(self, devices: Sequence[Mapping[str, Any]], why: str) -> None:
        """Offer these devices; why: the reason that there is no GPU, or an empty text."""
        self._devices = list(devices)
        if self.form is not None:
            self.form.describe_again("device", self._schema()["properties"]["device"])
            self.form.set_caption("device", why)

    def values(self) -> dict[str, Any]:
        """Return the values as they stand; empty before the form is there."""
        return self.form.values() if self.form else dict(self._wanted)

    def set_values(self, values: Mapping[str, Any], *, whole: bool = False) -> None:
        """Show these values, now or when the form is there; what is not among them stays, or has its default."""
        self._wanted = dict(values) if whole else {**self._wanted, **values}
        if self.form is not None:
            self.form.set_values(values, whole=whole)

    def valid(self) -> bool:
        """Return whether the form has no mistake."""
        return self.form is not None and self.form.valid()

    def show_error(self, error: UserError | None) -> bool:
        """Show what a check found at the field it concerns; return whether it has its place here (or is None)."""
        if self.form is None:
            return error is None
        if error is None:
            self.form.show_errors({})
            return True
        place = place_of(error)
        if not place.startswith("training."):
            self.form.show_errors({})
            return False
        return not self.form.show_errors({place: error.translated()})

    def show_next(self, line: str) -> None:
        """Say what these settings will train, where another run is shown beside them; an empty line says nothing."""
        self.next.setText(tr("Next: {what}", what=line) if line else "")
        self.next.setVisible(bool(line))

    def show_steps(self, steps_per_epoch: int) -> None:
        """Say below the batch size how many steps an epoch has."""
        self._steps = steps_per_epoch
        self._show_batch()

    def show_fitting(self, batch_size: int) -> None:
        """Say below the batch size that only so many samples fit into the memory; 0: as many as are asked for."""
        self._fitting = batch_size
        self._show_batch()

    def _show_batch(self) -> None:
        if self.form is None:
            return
        words = plural(self._steps, "{count} step per epoch", "{count} steps per epoch") if self._steps else ""
        if self._fitting:
            words = tr("Does not fit; {size} does, as measured", size=figures.count(self._fitting))
        self.form.set_caption("batch_size", words)

    def _schema(self) -> dict[str, Any]:
        """Return the schema with the devices of this machine to choose from."""
        schema = dict(self._catalogue["training"]["schema"])
        if self._devices:
            names = ["auto", *(str(device["name"]) for device in self._devices)]
            choices = {"auto": tr("Automatic"), **{str(d["name"]): str(d["title"]) for d in self._devices}}
            field = {name: value for name, value in schema["properties"]["device"].items() if name != "pattern"}
            field |= {"enum": names, "hint": {**field.get("hint", {}), "choices": choices}}
            schema["properties"] = {**schema["properties"], "device": field}
        return schema


def place_of(error: UserError) -> str:
    """Return the full name of the setting that an error is about, or an empty text."""
    values = error.message.values
    first = values.get("first")
    if isinstance(first, Words):
        values = first.values
    return str(values.get("place") or values.get("name") or "")
