"""How the data are read, masked and augmented, and what their classes are called: folded groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.form import Form
from workbench.gui.pages.data_masking import DataMasking
from workbench.gui.pages.form_in_force import FormInForce
from workbench.gui.schemas import defaults, group, without
from workbench.gui.theme import look
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.fold import Fold

_OWN_PLACE = ("augmentation", "masking", "class_names", "kind", "path", "name")
_IDENTITY = ("kind", "path", "name")
_OF_IMAGES = ("size", "channels")
_QUIET = 600  # milliseconds after an edit before the data are read again


class DataSettings(Card):
    """The settings of the opened data; edits come out as the changed part of them.

    What is edited is in force once the data were read with it: until then, and where it was refused, `why_not` says so.
    """

    reading_changed = Signal(object)  # settings that need the data to be read again
    augmentation_changed = Signal(object)
    classes_changed = Signal(object)  # list of names
    state_changed = Signal()  # `why_not` may be another

    def __init__(self, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._shown: tuple[str, ...] = ()  # kind of data, kind of inputs, tasks that can be chosen
        self._identity: tuple[Any, ...] = ()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET)
        self._quiet.timeout.connect(self._ask_for_reading)
        self.reading = Fold(tr("How the data are read"))
        self.masking = DataMasking(jobs)
        self.masking.edited.connect(self._wait)
        self.masking.validity_changed.connect(self.state_changed)
        self.augmentation = Fold(tr("Augmentation"))
        self.naming = Fold(tr("Class names"))
        self.names = ClassNames()
        self.names.changed.connect(self.classes_changed)
        self.naming.body.addWidget(self.names)
        self._forms: list[FormInForce] = []  # of reading, and of augmentation where the inputs are images
        self._usual: list[dict[str, Any]] = []
        for fold in (self.reading, self.masking, self.augmentation, self.naming):
            self.add(fold)

    def set_data(self, data: Mapping[str, Any], summary: Mapping[str, Any], catalogue: Mapping[str, Any]) -> None:
        """Show the settings of `data`, with the fields that the catalogue declares for its kind.

        summary: what data.open answered; fields of images are not shown for texts. What was typed while the same data
        were read stays, and has them read again.
        """
        kind, classes = data["kind"], list(summary["classes"])
        shown = (kind, summary["inputs"]["kind"], *summary.get("possible", ()))
        identity = tuple(data.get(name) for name in _IDENTITY)
        typing = self._quiet.isActive() and (shown, identity) == (self._shown, self._identity)
        if not typing:
            self._quiet.stop()
        if shown != self._shown:
            schema = with_tasks(catalogue["data"][kind]["schema"], shown[2:])
            self._make_forms(schema, shown[1] == "image", catalogue)
        self._shown, self._identity = shown, identity
        for form, usual, values in zip(self._forms, self._usual, (data, data.get("augmentation", {})), strict=False):
            own = {name: value for name, value in values.items() if name not in _OWN_PLACE}
            form.show({**usual, **own}, keep_typed=typing)
        masking = group(catalogue["data"][kind]["schema"], "masking") if shown[1] != "image" else None
        self.masking.setVisible(masking is not None)
        if masking is not None:
            self.masking.set_data(data, masking, catalogue, keep_typed=typing)
        self.names.set_names(classes)
        self.naming.setVisible(bool(classes))
        self.state_changed.emit()

    def why_not(self) -> str:
        """Return why what the forms show is not in force, or an empty text when it is."""
        parts = self._parts()
        if not any(part.edited() for part in parts):
            return ""
        if all(part.form.valid() for part in parts):
            return tr("The data are being read with the new settings.")
        return tr("Mend the settings that are marked first.")

    def refuse(self, error: UserError) -> None:
        """Mark what was edited with this error: the data cannot be read so, and the former settings stay in force."""
        for fold, part in ((self.reading, self._forms[0]), (self.masking, self.masking.settings)):
            if part is not None and part.refuse(error):
                fold.set_open(True)
        self.state_changed.emit()

    def show_in_force(self) -> None:
        """Show what is in force, in the place of what was typed and not taken."""
        self._quiet.stop()
        for part in self._parts():
            part.show_in_force()
        self.state_changed.emit()

    def open_augmentation(self) -> None:
        """Unfold the augmentation."""
        self.augmentation.set_open(True)

    def _parts(self) -> list[FormInForce]:
        masking = self.masking.settings
        return [*self._forms, *([masking] if masking is not None and not self.masking.isHidden() else [])]

    def _make_forms(self, schema: Mapping[str, Any], images: bool, catalogue: Mapping[str, Any]) -> None:
        for part in self._forms:
            part.form.hide()
            part.form.deleteLater()
        shown = without(schema, _OWN_PLACE if images else (*_OWN_PLACE, *_OF_IMAGES))
        reading = Form("data", shown, catalogue)
        reading.changed.connect(self._wait)
        reading.validity_changed.connect(self.state_changed)
        self.reading.body.addWidget(reading)
        self._forms, self._usual = [FormInForce(reading)], [defaults(shown)]
        nested = group(schema, "augmentation") if images else None
        self.augmentation.setVisible(nested is not None)
        if nested is not None:
            form = Form("data.augmentation", nested, catalogue)
            form.changed.connect(self._augment)
            form.validity_changed.connect(self.state_changed)
            self.augmentation.body.addWidget(form)
            self._forms.append(FormInForce(form))
            self._usual.append(defaults(nested))

    def _wait(self) -> None:
        self._quiet.start()
        self.state_changed.emit()

    def _ask_for_reading(self) -> None:
        """Have the data read with what all forms show together: one of them alone would lose what another refused."""
        if not any(part.form.mistaken() for part in self._parts()):
            masking = {} if self.masking.isHidden() else {"masking": self.masking.values()}
            self.reading_changed.emit({**self._forms[0].form.values(), **masking})

    def _augment(self, values: dict[str, Any]) -> None:
        self._forms[1].take()
        self.augmentation_changed.emit(values)
        self.state_changed.emit()


def with_tasks(schema: Mapping[str, Any], possible: Sequence[str]) -> dict[str, Any]:
    """Return the schema with only these tasks to choose from, in sight where there are several, or with no choice."""
    task = schema.get("properties", {}).get("task")
    if task is None or not possible:
        return dict(schema)
    if len(possible) == 1:
        return without(schema, ["task"])
    narrowed = {**task, "enum": ["auto", *possible], "hint": {**task.get("hint", {}), "advanced": False}}
    return {**schema, "properties": {**schema["properties"], "task": narrowed}}


class ClassNames(QWidget):
    """The names of the classes, edited in place; a name that is empty or taken is put back."""

    changed = Signal(object)  # list of names

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self.list = QListWidget()
        self.list.setObjectName("data.class_names")
        self.list.setAccessibleName(tr("Class names"))
        self.list.setToolTip(tr("Double-click a name, or press F2, to change it."))
        self.list.setMinimumHeight(120)
        self.list.itemChanged.connect(self._edited)
        self.message = look(QLabel(), "caption")
        self.message.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        layout.addWidget(self.message)

    def set_names(self, names: list[str]) -> None:
        """Show these names."""
        self._names = list(names)
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.blockSignals(blocked)
        self._say(tr("Double-click a name to change it."))

    def _edited(self, item: QListWidgetItem) -> None:
        row, name = self.list.row(item), item.text().strip()
        if name == self._names[row]:
            self._put(item, name)
            return
        if not name or name in self._names:
            text = tr("{name} is the name of another class.", name=name) if name else tr("A class needs a name.")
            self._say(text, wrong=True)
            self._put(item, self._names[row])
            return
        self._names[row] = name
        self._put(item, name)
        self._say(tr("Double-click a name to change it."))
        self.changed.emit(list(self._names))

    def _put(self, item: QListWidgetItem, name: str) -> None:
        blocked = self.list.blockSignals(True)
        item.setText(name)
        self.list.blockSignals(blocked)

    def _say(self, text: str, wrong: bool = False) -> None:
        self.message.setText(text)
        look(self.message, "error" if wrong else "caption")
