"""The dialog about named tokens: who may ask a service beside the window itself, until when and how often."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.core import access
from workbench.core.errors import UserError
from workbench.core.words import plural, tr
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.command_line import CommandLine
from workbench.gui.widgets.table import Column, RowsModel, Table

_DAYS, _DAY = (1, 7, 30, 90, 365), 30
_PACES = (1, 10, 60, 600)  # requests a minute


class TokensDialog(QDialog):
    """Does what `workbench tokens` does, with the tokens in a file; services that run follow it at once."""

    def __init__(self, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self.setObjectName("share.tokens_dialog")
        self.setWindowTitle(tr("Named tokens"))
        self.setMinimumSize(760, 460)
        columns = (Column("name", tr("Name")), Column("validity", tr("Validity")), Column("pace", tr("Pace")))
        self._model = RowsModel(columns)
        self.table = Table()
        self.table.setAccessibleName(tr("Named tokens"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.set_model(self._model, sortable=False)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        self.revoke = button(tr("Revoke…"))
        self.revoke.setObjectName("share.token_revoke")
        self.sure = button(tr("Revoke for good"))
        self.sure.setObjectName("share.token_revoke_yes")
        self.name = QLineEdit()
        self.name.setObjectName("share.token_name")
        self.name.setAccessibleName(tr("Name"))
        self.name.setPlaceholderText(tr("whose token it is"))
        ends = {days: plural(days, "{count} day", "{count} days") for days in _DAYS}
        self.days = _choice(tr("Valid for"), {**ends, 0: tr("for ever")}, _DAY)
        paces = {pace: tr(access.Access("", "", per_minute=pace).pace()) for pace in (0, *_PACES)}
        self.pace = _choice(tr("Pace"), paces, 0)
        self.add = primary_button(tr("Make a token"))
        self.add.setObjectName("share.token_add")
        self.token = CommandLine(name=tr("Token"))
        self.told = look(QLabel(), "muted")
        self.told.setWordWrap(True)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().lineSpacing())
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._arrange()
        self.name.textChanged.connect(lambda _: self._show_addable())
        self.add.clicked.connect(lambda: self._try(self._add))
        self.revoke.clicked.connect(lambda: self.sure.show())
        self.sure.clicked.connect(lambda: self._try(self._revoke))
        self.finished.connect(self.deleteLater)
        self._show_addable()
        self._try(self._show_all)

    def _arrange(self) -> None:
        above, new = QHBoxLayout(), QHBoxLayout()
        above.addStretch(1)
        for act in (self.sure, self.revoke):
            above.addWidget(act)
        new.setSpacing(Space.gap)
        for title, field, share in (
            (tr("Name"), self.name, 2), (tr("Valid for"), self.days, 1), (tr("Pace"), self.pace, 2),
        ):  # fmt: skip
            column = QVBoxLayout()
            column.setSpacing(Space.small)
            column.addWidget(look(QLabel(title), "caption"))
            column.addWidget(field)
            new.addLayout(column, share)
        new.addWidget(self.add, 0, Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.padding, Space.padding, Space.padding, Space.padding)
        layout.setSpacing(Space.gap)
        layout.addWidget(self.table, 1)
        for row in (above, new):
            layout.addLayout(row)
        layout.addWidget(self.token)
        layout.addWidget(self.told)
        self.token.hide()

    def _add(self) -> None:
        name, days = self.name.text().strip(), int(self.days.value())
        made = access.add(self._file, name, expires=access.after(days), per_minute=int(self.pace.value()))
        self._show_all()
        self.name.clear()
        self.token.set_command(made)
        self.token.show()
        self.told.setText(tr("This is the token of {name}. Copy it now: it is shown only once.", name=name))

    def _revoke(self) -> None:
        [row] = self.table.selected_rows()
        access.revoke(self._file, row["name"])
        self._show_all()
        self.token.hide()
        self.told.setText(tr("The token of {name} is refused from now on.", name=row["name"]))

    def _show_all(self) -> None:
        known = access.read(self._file)
        rows = [{"name": one.name, "revoked": one.revoked, "validity": tr(one.validity()), "pace": tr(one.pace())}
                for one in known]  # fmt: skip
        self._model.set_rows(rows)
        self.told.setText(
            "" if rows else tr("There are no named tokens yet. The one on the page ends with the service.")
        )
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self.table.selected_rows()
        why = tr("Choose a token in the list.") if not chosen else tr("revoked") if chosen[0]["revoked"] else ""
        explain(self.revoke, not why, why)
        self.sure.hide()

    def _show_addable(self) -> None:
        named = bool(self.name.text().strip())
        explain(self.add, named, tr("Name whoever gets it."))
        self.add.setDefault(named)

    def _try(self, act: Callable[[], None]) -> None:
        """Do it; what cannot be done is said."""
        try:
            act()
        except UserError as error:
            self.token.hide()
            self.told.setText(error.translated())


def _choice(name: str, titles: Mapping[Any, str], value: Any) -> Combo:
    combo = Combo()
    combo.setAccessibleName(name)
    for choice, title in titles.items():
        combo.addItem(title, choice)
    combo.setValue(value)
    combo.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToContents)
    return combo
