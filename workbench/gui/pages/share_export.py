"""The card of the Share page that exports a model: the form to choose, what it is for, and why it may not fit."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui.passphrases import Passphrases, ask
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, link_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.combo import Combo


class ExportCard(Card):
    """Asks the engine which forms suit the model of a run; wanted(kind, title) when one is to be written."""

    wanted = Signal(str, str)
    described = Signal(str)  # the kind of inputs that the model takes

    def __init__(self, engine: Any, passphrases: Passphrases, parent: QWidget | None = None) -> None:
        super().__init__(tr("Use it in other programs"), parent=parent)
        self._engine, self._passphrases = engine, passphrases
        self._run = self._why = ""
        self._locked = False  # the answer waits for a passphrase
        self._targets: dict[str, Mapping[str, Any]] = {}
        self.target = Combo()
        self.target.setObjectName("share.target")
        self.target.setAccessibleName(tr("Form of the export"))
        self.target.currentIndexChanged.connect(self._show_chosen)
        self.export = button(tr("Export…"), "export", tr("Writes a folder, and compares it with the run."))
        self.export.setObjectName("share.export")
        self.export.clicked.connect(self._export)
        row = QHBoxLayout()
        row.setSpacing(Space.gap)
        row.addWidget(self.target, 1)
        row.addWidget(self.export)
        self.summary = look(QLabel(), "muted")
        self.summary.setWordWrap(True)
        self.unlock = link_button(tr("Enter the passphrase…"))
        self.unlock.setObjectName("share.unlock")
        self.unlock.clicked.connect(lambda: ask(self._why, self.window(), self._passphrases.remember))
        self.body.addLayout(row)
        self.add(self.summary)
        self.body.addWidget(self.unlock, 0, Qt.AlignmentFlag.AlignLeft)
        self._show_chosen()

    def set_run(self, path: str) -> None:
        """Offer what the model of this run can be exported as."""
        if path == self._run:
            return
        self._run, self._targets, self._why, self._locked = path, {}, "", False
        self._show_chosen()
        if path:
            self._engine.ask("exporting.targets", {"run": path}).then(
                self,
                lambda answer: self._take(path, answer),
                lambda error: self._complain(path, error.translated()),
                lambda error: self._complain(path, tr(error.message), locked=True),
            )

    def _take(self, path: str, answer: Mapping[str, Any]) -> None:
        if path != self._run:
            return  # another run was chosen meanwhile
        self._why, self._locked = "", False
        kept = self.target.value()
        fitting = sorted(answer["targets"], key=lambda target: bool(target["why"]))  # those that fit come first
        self._targets = {str(target["kind"]): target for target in fitting}
        self.target.blockSignals(True)
        self.target.clear()
        for kind, target in self._targets.items():
            self.target.addItem(tr(target["title"]), kind)
        if kept in self._targets and not self._targets[kept]["why"]:
            self.target.setValue(kept)
        self.target.blockSignals(False)
        self._show_chosen()
        self.described.emit(str(answer["inputs"]))

    def _complain(self, path: str, why: str, *, locked: bool = False) -> None:
        if path == self._run:
            self._why, self._locked = why, locked
            self._show_chosen()

    def _show_chosen(self) -> None:
        self.unlock.setVisible(self._locked)
        target = self._targets.get(str(self.target.value()))
        why = tr(from_plain(target["why"])) if target and target["why"] else self._why
        summary = tr(target["summary"]) if target else "" if why else tr("Looking at the model…")
        self.summary.setText(f"{summary} {why}".strip())
        explain(self.export, target is not None and not why, why or tr("The model is being looked at."))

    def _export(self) -> None:
        kind = str(self.target.value())
        self.wanted.emit(kind, tr(self._targets[kind]["title"]))
