"""The card of the Share page that makes smaller models of a run: other number formats, pruning, a smaller network."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.core.errors import UserError
from workbench.core.words import from_plain, plural, tr
from workbench.gui import figures
from workbench.gui.pages.share_parts import Offer
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.combo import Combo

_SHARES, _SHARE = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9), 0.3  # that can be pruned here, and what is offered first
_WHY: tuple[str, ...] = ("why", "pruning", "teaching")  # not: names of reasons in what the engine answers
_EPOCHS, _EPOCH = (1, 2, 3, 5, 10, 20), 3


class CompressCard(Card):
    """Asks the engine which number formats there are; wanted(format, title) when one is to be made."""

    wanted = Signal(str, str)
    pruning_wanted = Signal(float, int)  # share, epochs
    distilling_wanted = Signal()

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Make it smaller"), parent=parent)
        self._engine = engine
        self._formats: dict[str, Mapping[str, Any]] = {}
        self._run = ""
        self._why = dict.fromkeys(_WHY, "")
        self.format = Combo()
        self.format.setObjectName("share.format")
        self.format.setAccessibleName(tr("Number format"))
        self.format.currentIndexChanged.connect(self._show_chosen)
        self.compress = button(tr("Compress"), "arrows-in", tr("Makes a run of its own, and measures it."))
        self.compress.setObjectName("share.compress")
        self.compress.clicked.connect(self._compress)
        row = QHBoxLayout()
        row.setSpacing(Space.gap)
        row.addWidget(self.format, 1)
        row.addWidget(self.compress)
        self.summary = look(QLabel(), "muted")
        self.summary.setWordWrap(True)
        self.body.addLayout(row)
        self.add(self.summary)
        self.prune = Offer(
            "scissors",
            tr("Prune and fine-tune"),
            tr("A new run that begins with these weights and does without the part of them that matters least."),
            tr("Set up on Train"),
        )
        self.prune.button.setObjectName("share.prune")
        self.prune.wanted.connect(lambda: self.pruning_wanted.emit(self.share.value(), self.epochs.value()))
        self.share = _choice(tr("Share pruned"), {share: figures.percent(share, 0) for share in _SHARES}, _SHARE)
        epochs = {count: plural(count, "{count} epoch", "{count} epochs") for count in _EPOCHS}
        self.epochs = _choice(tr("Epochs of fine-tuning"), epochs, _EPOCH)
        for choice in (self.share, self.epochs):
            self.prune.add_choice(choice)
        self.add(self.prune)
        self.distil = Offer(
            "graduation-cap",
            tr("Teach a smaller network"),
            tr("A new run of another architecture that learns from this model, beside the labels: distillation."),
            tr("Choose it on Model"),
        )
        self.distil.button.setObjectName("share.distil")
        self.distil.wanted.connect(self.distilling_wanted)
        self.add(self.distil)
        self._show_chosen()

    def set_run(self, path: str) -> None:
        """Offer what can be made of this run."""
        if path == self._run:
            return
        self._run, self._formats = path, {}
        self._why = dict.fromkeys(_WHY, tr("Looking at the model…"))
        self._show_chosen()
        if path:
            self._engine.ask("compressing.formats", {"run": path}).then(
                self, lambda answer: self._take(path, answer), lambda error: self._complain(path, error)
            )

    def _take(self, path: str, answer: Mapping[str, Any]) -> None:
        if path != self._run:
            return  # another run was chosen meanwhile
        self._formats = {str(made["kind"]): made for made in answer["formats"]}
        self._why = {name: tr(from_plain(answer[name])) if answer[name] else "" for name in _WHY}
        kept = self.format.value()
        self.format.blockSignals(True)
        self.format.clear()
        for kind, made in self._formats.items():
            self.format.addItem(tr(made["title"]), kind)
        self.format.setValue(kept)
        self.format.blockSignals(False)
        self._show_chosen()

    def _complain(self, path: str, error: UserError) -> None:
        if path == self._run:
            self._why = dict.fromkeys(_WHY, error.translated())
            self._show_chosen()

    def _show_chosen(self) -> None:
        made, why = self._formats.get(str(self.format.value())), self._why["why"]
        self.summary.setText(why or (tr(made["summary"]) if made else ""))
        explain(self.compress, made is not None and not why, why)
        for offer, name in ((self.prune, "pruning"), (self.distil, "teaching")):
            explain(offer.button, not self._why[name], self._why[name])

    def _compress(self) -> None:
        kind = str(self.format.value())
        self.wanted.emit(kind, tr(self._formats[kind]["title"]))


def _choice(name: str, titles: Mapping[Any, str], value: Any) -> Combo:
    combo = Combo()
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    for choice, title in titles.items():
        combo.addItem(title, choice)
    combo.setValue(value)
    combo.setFixedWidth(110)
    return combo
