"""The rows of a form in the groups they stand in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui.form_row import FieldRow
from workbench.gui.form_schema import Field, Fields, fields_of
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.fold import Fold

Kinds = Mapping[str, Mapping[str, Any]]  # kind -> {title, summary, schema}
KindsOf = Callable[[str], Kinds]


class Panel(QWidget):
    """The fields of one settings class, groups and chosen things with theirs; advanced ones are folded away."""

    edited = Signal()
    rebuilt = Signal()

    def __init__(self, fields: Fields, path: str, object_name: str, kinds_of: KindsOf) -> None:
        super().__init__()
        self._fields = fields
        self._path = path
        self._name = object_name
        self._kinds_of = kinds_of
        self._kept: dict[str, Any] = {}
        self._rows: dict[str, FieldRow] = {}
        self._groups: dict[str, Panel] = {}
        self._chosen: dict[str, ChosenRows] = {}
        self._fold: Fold | None = None
        self.edited.connect(self._count_folded)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.inner)
        for field in fields.shown:
            if not field.advanced:
                layout.addWidget(self._part(field))
        advanced = [field for field in fields.shown if field.advanced]
        if advanced:
            self._fold = Fold(tr("Advanced"), tr("Settings that are rarely changed"))
            self._fold.body.setSpacing(Space.inner)
            for field in advanced:
                self._fold.body.addWidget(self._part(field))
            layout.addWidget(self._fold)
            self._count_folded()

    def values(self) -> dict[str, Any]:
        """Return every value by name; groups are dicts."""
        parts: dict[str, FieldRow | ChosenRows] = {**self._rows, **self._chosen}
        shown = {name: part.value() for name, part in parts.items()}
        groups = {name: group.values() for name, group in self._groups.items()}
        together = {**self._fields.fixed, **self._kept, **shown, **groups}
        order = [*self._fields.fixed, *self._kept, *(field.name for field in self._fields.shown)]
        return {name: together[name] for name in order}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show the given values; what is not named stays."""
        for name, value in values.items():
            if name in self._rows:
                self._rows[name].set_value(value)
            elif name in self._chosen and isinstance(value, Mapping):
                self._chosen[name].set_value(value)
            elif name in self._groups and isinstance(value, Mapping):
                self._groups[name].set_values(value)
            elif name in self._fields.hidden:
                self._kept[name] = value
        self._count_folded()

    def reset(self) -> None:
        """Show the default of every field."""
        self._kept.clear()
        for row in self._rows.values():
            row.set_value(row.field.default)
        for chosen in self._chosen.values():
            chosen.reset()
        for group in self._groups.values():
            group.reset()
        self.set_values({field.name: field.default for field in self._fields.shown if field.kind == "group"})

    def replace(self, field: Field) -> None:
        """Show a field that is here already as `field` describes it, in its place and with its value."""
        old = self._rows[field.name]
        around = self._fold.body if field.advanced and self._fold is not None else self._layout
        old.editor.control().setObjectName("")  # the new one has it
        new = FieldRow(field, f"{self._name}.{field.name}")
        new.set_value(old.value())
        new.edited.connect(self.edited)
        around.replaceWidget(old, new)
        QWidget.setTabOrder(old.editor.control(), new.editor.control())
        self._rows[field.name] = new
        old.hide()
        old.deleteLater()
        self.rebuilt.emit()

    def rows(self) -> Iterator[tuple[str, FieldRow]]:
        """Yield every field with its path, those of groups and chosen things included."""
        for name, row in self._rows.items():
            yield self._path + name, row
        for chosen in self._chosen.values():
            yield from chosen.rows()
        for group in self._groups.values():
            yield from group.rows()

    def reveal(self, path: str) -> None:
        """Unfold what hides the field at `path`."""
        name = path.removeprefix(self._path).split(".")[0]
        field = next((field for field in self._fields.shown if field.name == name), None)
        if field is not None and field.advanced and self._fold is not None:
            self._fold.set_open(True)
        if name in self._groups:
            self._groups[name].reveal(path)
        if name in self._chosen and (panel := self._chosen[name].panel) is not None:
            panel.reveal(path)

    def _count_folded(self) -> None:
        """Let the fold tell which of the settings in it have other values than their defaults."""
        if self._fold is None:
            return
        folded = {f"{self._path}{field.name}" for field in self._fields.shown if field.advanced}
        inside = (
            row for path, row in self.rows() if any(path == name or path.startswith(f"{name}.") for name in folded)
        )
        self._fold.tell([tr(row.field.title) for row in inside if not row.is_default()])

    def _part(self, field: Field) -> QWidget:
        name, path = f"{self._name}.{field.name}", f"{self._path}{field.name}"
        if field.kind == "group":
            fixed = Fields(field.fields, {})
            group = self._groups[field.name] = Panel(fixed, f"{path}.", name, self._kinds_of)
            if isinstance(field.default, Mapping):
                group.set_values(field.default)
            group.edited.connect(self.edited)
            group.rebuilt.connect(self.rebuilt)
            return _indented(tr(field.title), tr(field.description) if field.description else "", group, name)
        if field.kind == "registry":
            chosen = self._chosen[field.name] = ChosenRows(field, path, name, self._kinds_of)
            chosen.edited.connect(self.edited)
            chosen.rebuilt.connect(self.rebuilt)
            return chosen
        row = self._rows[field.name] = FieldRow(field, name)
        row.edited.connect(self.edited)
        return row


class ChosenRows(QWidget):
    """A choice from a registry, and below it the settings of what is chosen; each kind remembers its own."""

    edited = Signal()
    rebuilt = Signal()

    def __init__(self, field: Field, path: str, object_name: str, kinds_of: KindsOf) -> None:
        super().__init__()
        self._path = path
        self._name = object_name
        self._kinds_of = kinds_of
        self._kinds = kinds_of(field.registry)
        self._remembered: dict[str, dict[str, Any]] = {}
        self.panel: Panel | None = None
        self._shown = ""
        self._default = default = field.default if isinstance(field.default, Mapping) else {}
        kind = str(default.get("kind") or field.default_kind or next(iter(self._kinds), ""))
        choices = tuple((name, entry.get("title", name)) for name, entry in self._kinds.items())
        self.row = FieldRow(replace(field, choices=choices, default=kind), object_name)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(Space.inner)
        self._layout.addWidget(self.row)
        self.row.edited.connect(self._kind_changed)
        self._build(kind)
        if self.panel is not None:
            self.panel.set_values(default)

    def value(self) -> dict[str, Any]:
        """Return the settings of what is chosen, its kind included."""
        return {"kind": self.row.value(), **(self.panel.values() if self.panel is not None else {})}

    def set_value(self, value: Mapping[str, Any]) -> None:
        """Choose the kind in `value` and show its settings; without a kind, the settings of the chosen one."""
        kind = value.get("kind", self.row.value())
        if kind != self.row.value():
            self.row.set_value(kind)
        if self.panel is not None:
            self.panel.set_values({name: part for name, part in value.items() if name != "kind"})

    def reset(self) -> None:
        """Show what is chosen when nobody chose anything, with its defaults."""
        self.row.set_value(self.row.field.default)
        if self.panel is not None:
            self.panel.reset()
            self.panel.set_values(self._default)

    def rows(self) -> Iterator[tuple[str, FieldRow]]:
        """Yield the choice and the fields of what is chosen, with their paths."""
        yield self._path, self.row
        if self.panel is not None:
            yield from self.panel.rows()

    def _kind_changed(self) -> None:
        kind = self.row.value()
        if kind != self._shown:
            self._build(kind)
            self.rebuilt.emit()
        self.edited.emit()

    def _build(self, kind: str) -> None:
        if self.panel is not None:
            self._remembered[self._shown] = self.panel.values()
            self._discard(self.panel)
            self.panel = None
        self._shown = kind
        entry = self._kinds.get(kind)
        if entry is None:
            return
        self.row.editor.setToolTip(tr(entry.get("summary", "")) or self.row.editor.whatsThis())
        fields = fields_of(entry["schema"])
        if fields.shown or fields.fixed or fields.hidden:
            self.panel = Panel(fields, f"{self._path}.", self._name, self._kinds_of)
            self.panel.set_values(self._remembered.get(kind, {}))
            self.panel.edited.connect(self.edited)
            self.panel.rebuilt.connect(self.rebuilt)
            self._layout.addWidget(self.panel)
            self.panel.setVisible(bool(fields.shown))

    def _discard(self, panel: Panel) -> None:
        self._layout.removeWidget(panel)
        panel.hide()
        for _, row in panel.rows():
            row.editor.control().setObjectName("")  # the same name may stand in the next kind's settings
        panel.deleteLater()


def _indented(title: str, description: str, panel: Panel, name: str) -> QWidget:
    whole = QWidget()
    whole.setObjectName(name)
    whole.setAccessibleName(title)
    whole.setAccessibleDescription(description)
    heading = look(QLabel(title), "caption")
    heading.setToolTip(description)
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, Space.small, 0, 0)
    layout.setSpacing(Space.medium)
    layout.addWidget(heading)
    panel.setContentsMargins(Space.inner, 0, 0, 0)
    layout.addWidget(panel)
    return whole
