"""The settings of the chosen architecture, with its presets on top."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.form import Form
from workbench.gui.schemas import defaults, without
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.scroll import scrolled


class ArchitectureSettings(Card):
    """A form that keeps what was entered for each architecture, so that going back and forth loses nothing."""

    changed = Signal(object)  # architecture settings, kind included
    validity_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._catalogue: Mapping[str, Any] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._kind = ""
        self._inputs = ""
        self._preset = ""
        self.form: Form | None = None
        self.message = look(QLabel(), "error")
        self.message.setObjectName("model.message")
        self.message.setWordWrap(True)
        self.message.hide()
        self.preset_label = QLabel(tr("Preset"))
        self.preset = Combo()
        self.preset.setObjectName("model.preset")
        self.preset.setAccessibleName(tr("Preset"))
        self.preset.setToolTip(tr("Fills the fields with a well-known network."))
        self.preset_label.setBuddy(self.preset)
        self.preset.activated.connect(self._take_preset)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.small)
        for widget in (self.message, self.preset_label, self.preset):
            self._column.addWidget(widget)
        self._column.addSpacing(Space.medium)
        self._column.addStretch(1)
        self.add(scrolled(inside), 1)

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings."""
        self._catalogue = catalogue
        self._kind = ""

    def set_inputs(self, kind: str) -> None:
        """Leave out the settings that matter only for other kinds of inputs than this one."""
        if kind != self._inputs and self.form is not None:
            self._kept[self._kind] = self.form.values()
            self.form.hide()
            self.form.deleteLater()
            self.form, self._kind = None, ""
        self._inputs = kind

    def show_architecture(self, architecture: Mapping[str, Any]) -> None:
        """Show an architecture by its kind; what is left out is as it was entered last, or the default."""
        kind = str(architecture["kind"])
        if kind != self._kind:
            self._make_form(kind)
        given = {name: value for name, value in architecture.items() if name != "kind"}
        values = given or self._kept.get(kind)
        if values and self.form is not None:
            self._fill(values)
        self.show_error(None)
        self._show_preset()

    def architecture(self) -> dict[str, Any]:
        """Return the settings as they are now, kind included, or an empty dictionary before there are any."""
        return {"kind": self._kind, **self.form.values()} if self.form is not None else {}

    def valid(self) -> bool:
        """Return whether every field holds something possible."""
        return self.form is not None and self.form.valid()

    def show_error(self, error: UserError | None) -> None:
        """Show what is wrong with the settings as a whole, or nothing."""
        self.message.setText(error.translated() if error else "")
        self.message.setVisible(error is not None)

    def _make_form(self, kind: str) -> None:
        if self.form is not None:
            self._kept[self._kind] = self.form.values()
            self.form.hide()
            self.form.deleteLater()
        entry = self._catalogue["architectures"][kind]
        self._kind, self._preset = kind, ""
        self.set_title(tr(entry["title"]))
        left_out = ["kind", *_meant_for_others(entry["schema"], self._inputs)]
        self.form = Form("architecture", without(entry["schema"], left_out), self._catalogue)
        self.form.setObjectName("model.form")
        self.form.setAccessibleName(tr(entry["title"]))
        self.form.changed.connect(self._edited)
        self.form.validity_changed.connect(self.validity_changed)
        self._column.insertWidget(self._column.count() - 1, self.form)
        self.preset.clear()
        for name, values in entry["presets"].items():
            self.preset.addItem(tr(name), {"name": name, "values": dict(values)})
        self.preset.addItem(tr("Custom"), {"name": "", "values": {}})
        for widget in (self.preset, self.preset_label):
            widget.setVisible(bool(entry["presets"]))

    def _take_preset(self, place: int) -> None:
        chosen = self.preset.itemData(place)
        if self.form is None or not chosen["name"]:
            return
        self._preset = chosen["name"]
        self._fill({**self._defaults(), **chosen["values"]})
        self._show_preset()
        self.changed.emit(self.architecture())

    def _edited(self, _: object) -> None:
        self._show_preset()
        self.changed.emit(self.architecture())

    def _fill(self, values: Mapping[str, Any]) -> None:
        if self.form is not None:
            self.form.set_values(dict(values))

    def _defaults(self) -> dict[str, Any]:
        return defaults(self._catalogue["architectures"][self._kind]["schema"])

    def _show_preset(self) -> None:
        """Name the preset that the fields agree with: the one chosen last, when several do."""
        if self.form is None:
            return
        now, usual = _plain(self.form.values()), self._defaults()
        fitting = [""]
        for place in range(self.preset.count() - 1):
            entry = self.preset.itemData(place)
            if _plain({**usual, **entry["values"]}) == now:
                fitting.append(entry["name"])
        name = self._preset if self._preset in fitting[1:] else fitting[min(1, len(fitting) - 1)]
        names = [self.preset.itemData(place)["name"] for place in range(self.preset.count())]
        self.preset.setCurrentIndex(names.index(name))


def _meant_for_others(schema: Mapping[str, Any], inputs: str) -> list[str]:
    properties = schema.get("properties", {}).items()
    return [name for name, entry in properties if entry.get("hint", {}).get("inputs", inputs) not in ("", inputs)]


def _plain(value: Any) -> Any:
    """Return `value` with lists for tuples, so that what came through JSON compares equal."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if name != "kind"}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
