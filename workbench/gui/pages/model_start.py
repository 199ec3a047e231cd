"""What the network begins with: fresh weights, or those of a run or a file, some layers perhaps frozen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import from_plain, plural, tr
from workbench.gui.latest import Latest
from workbench.gui.pages.model_chooser import described
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.table import Column, RowsModel, Table

_PAUSE = 250  # milliseconds of quiet before weights are read
_FRESH, _NONE = "", "none"  # what the settings start_from and freeze say when nothing is chosen
_FILE, _FOLDER = "\0file", "\0folder"  # items that open a dialog; no path looks like them
_ROW, _MOST_ROWS = 30, 5  # pixels of a line of the table, and lines before it scrolls


class ModelStart(Card):
    """The settings training.start_from and training.freeze, with what they mean for the network that is shown.

    Asks the engine only while it is open, because comparing weights takes a network of real ones.
    """

    changed = Signal(object)  # {"start_from", "freeze"} after every choice

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(tr("Start from"))
        self._network: dict[str, Any] = {}  # the arguments of model.layers
        self._folder = ""  # of runs
        self._runs: list[dict[str, Any]] = []
        self._layers_known: list[str] = []
        self._start, self._frozen = _FRESH, _NONE
        self._match = Latest(engine, "start.match", _PAUSE, self)
        self._match.answered.connect(lambda answer, _: self._show_match(answer))
        self._match.failed.connect(lambda error, _: self._show_wrong(error))
        self._layers = Latest(engine, "start.layers", 0, self)
        self._layers.answered.connect(lambda names, _: self._show_layers(names))
        self._layers.failed.connect(lambda error, _: self._show_wrong(error))
        self._make_parts()
        self._offer_starts()
        self._offer_layers()
        self._ask()

    def set_runs(self, runs: Sequence[Mapping[str, Any]], folder: str = "") -> None:
        """Offer these runs, as ModelChooser has them; folder: where runs lie that are called by their name alone."""
        self._folder = folder or self._folder
        fresh = [dict(run) for run in runs]
        if fresh != self._runs:
            self._runs = fresh
            self._offer_starts()

    def set_training(self, training: Mapping[str, Any]) -> None:
        """Show these settings of the training; opens when there is something to see."""
        wanted = str(training.get("start_from") or _FRESH), str(training.get("freeze") or _NONE)
        if wanted == (self._start, self._frozen):
            return
        self._start, self._frozen = wanted
        self._offer_starts()
        self._offer_layers()
        if wanted != (_FRESH, _NONE):
            self.fold.set_open(True)
        self._ask()

    def set_network(self, architecture: Mapping[str, Any], inputs: Mapping[str, Any], outputs: int, tasks: Any) -> None:
        """Take a network that the engine could build, as model.layers was asked for it."""
        self._network = {
            "architecture": dict(architecture), "inputs": dict(inputs), "outputs": outputs, "tasks": list(tasks),
        }  # fmt: skip
        self._ask()

    def forget_network(self) -> None:
        """Say nothing while the settings make no network."""
        self._network = {}
        self._ask()

    def values(self) -> dict[str, str]:
        """Return the two settings as they are chosen."""
        return {"start_from": self._start, "freeze": self._frozen}

    def stop(self) -> None:
        """Ask nothing more."""
        self._match.forget()
        self._layers.forget()

    # Making it

    def _make_parts(self) -> None:
        self.fold = Fold(tr("Start from"), tr("Weights of an earlier model to begin with, and layers that keep them."))
        self.fold.setObjectName("model.start")
        self.fold.toggled.connect(lambda _: self._ask())
        self.start = Combo()
        self.start.setObjectName("model.start_from")
        self.start.setToolTip(tr("The weights that the network has before its first step."))
        self.start.activated.connect(self._choose_start)
        self.frozen = Combo()
        self.frozen.setObjectName("model.freeze")
        self.frozen.setToolTip(tr("This layer and all before it keep their weights; the others are trained."))
        self.frozen.activated.connect(self._choose_layer)
        self.sentence = QLabel()
        self.sentence.setObjectName("model.start_sentence")
        self.wrong_layer = look(QLabel(), "error")
        for label in (self.sentence, self.wrong_layer):
            label.setWordWrap(True)
        self.table = Table()
        self.table.setObjectName("model.start_table")
        self.table.setAccessibleName(tr("What does not match"))
        self.rows = RowsModel(_columns())
        self.table.set_model(self.rows)
        self.differences = Fold(tr("What does not match"))
        self.differences.body.addWidget(self.table)
        line = QHBoxLayout()
        line.setSpacing(Space.gap)
        line.addLayout(_labelled(tr("Weights"), self.start), 3)
        line.addLayout(_labelled(tr("Freeze up to"), self.frozen), 2)
        self.fold.body.addLayout(line)
        for widget in (self.sentence, self.wrong_layer, self.differences):
            self.fold.body.addWidget(widget)
        self.add(self.fold)

    def _offer_starts(self) -> None:
        self.start.clear()
        self.start.addItem(tr("Fresh weights"), _FRESH)
        for run in self._runs:
            self._offer(described(run), run["path"])
        if self._place_of_start() < 0:
            self._offer(Path(self._start).name or self._start, self._start)
        self.start.insertSeparator(self.start.count())
        self.start.addItem(tr("A file…"), _FILE)
        self.start.addItem(tr("A folder…"), _FOLDER)
        self.start.setCurrentIndex(self._place_of_start())

    def _offer(self, text: str, path: str) -> None:
        self.start.addItem(text, path)
        self.start.setItemData(self.start.count() - 1, path, Qt.ItemDataRole.ToolTipRole)

    def _place_of_start(self) -> int:
        """Return where the choice stands: by its path, or by the name of a run's folder."""
        offered = [str(self.start.itemData(place)) for place in range(self.start.count())]
        if self._start in offered:
            return offered.index(self._start)
        return next((place for place, path in enumerate(offered) if path and Path(path).name == self._start), -1)

    def _offer_layers(self) -> None:
        names = list(self._layers_known)
        if self._frozen not in (_NONE, *names):  # a block of several layers, or one that is not there
            inside = [place for place, name in enumerate(names) if name.startswith(f"{self._frozen}.")]
            names.insert(inside[0] if inside else 0, self._frozen)
        self.frozen.clear()
        self.frozen.addItem(tr("Nothing is frozen"), _NONE)
        for name in names:
            self.frozen.addItem(name, name)
        self.frozen.setValue(self._frozen)

    # What a person chooses

    def _choose_start(self, place: int) -> None:
        wanted = self.start.itemData(place)
        if wanted in (_FILE, _FOLDER):
            wanted = self._asked_for(wanted) or self._start
        self._take(wanted, self._frozen)

    def _choose_layer(self, place: int) -> None:
        self._take(self._start, self.frozen.itemData(place))

    def _asked_for(self, kind: str) -> str:
        title, near = tr("Start from"), str(Path(self._start).parent) if self._start else ""
        if kind == _FOLDER:
            return QFileDialog.getExistingDirectory(self, title, near)
        names = tr("Weights")
        return QFileDialog.getOpenFileName(self, title, near, f"{names} (*.safetensors *.pth *.pt)")[0]

    def _take(self, start: str, frozen: str) -> None:
        is_other = (start, frozen) != (self._start, self._frozen)
        self._start, self._frozen = start, frozen
        self._offer_starts()
        self._offer_layers()
        if is_other:
            self._ask()
            self.changed.emit(self.values())

    # What the engine says

    def _ask(self) -> None:
        """Ask what these weights mean for this network, while that can be seen."""
        self.stop()
        self.wrong_layer.hide()
        self._show_rows([])
        self._say("")
        if not (self._network and self.fold.is_open()):
            return
        self._layers.ask(self._network)
        if self._start != _FRESH:
            self._say(tr("Comparing the weights…"))
            self._match.ask({**self._network, "start_from": self._start, "runs": self._folder})

    def _show_match(self, answer: Mapping[str, Any]) -> None:
        loaded, count = int(answer["loaded"]), int(answer["all"])
        said = [
            plural(count, "{loaded} of {count} tensor fits.", "{loaded} of {count} tensors fit.", loaded=f"{loaded:,}")
        ]
        if count > loaded:
            said.append(plural(count - loaded, "{count} begins fresh.", "{count} begin fresh."))
        unused = sum(row["state"] == "left over" for row in answer["rows"])
        if unused:
            said.append(
                plural(unused, "{count} of {name} is not used.", "{count} of {name} are not used.", name=answer["name"])
            )
        self._say(" ".join(said))
        self._show_rows([row for row in answer["rows"] if row["state"] != "loaded"])

    def _show_wrong(self, error: UserError) -> None:
        self._show_rows([])
        self._say(error.translated(), "error")

    def _show_layers(self, names: Sequence[str]) -> None:
        self._layers_known = list(names)
        self._offer_layers()
        is_there = self._frozen == _NONE or any(f"{name}.".startswith(f"{self._frozen}.") for name in names)
        self.wrong_layer.setText(
            "" if is_there else tr("This network cannot be frozen up to {layer}.", layer=self._frozen)
        )
        self.wrong_layer.setVisible(not is_there)

    def _say(self, text: str, kind: str = "muted") -> None:
        look(self.sentence, kind).setText(text)
        self.sentence.setVisible(bool(text))

    def _show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows.set_rows(rows)
        header = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(header + _ROW * min(len(rows), _MOST_ROWS) + 4)
        self.differences.setVisible(bool(rows))


def _labelled(text: str, box: Combo) -> QVBoxLayout:
    label = QLabel(text)
    label.setBuddy(box)
    box.setAccessibleName(text)
    column = QVBoxLayout()
    column.setSpacing(Space.small)
    column.addWidget(label)
    column.addWidget(box)
    return column


def _columns() -> list[Column]:
    states = {"fresh": tr("begins fresh"), "left over": tr("is not used")}
    return [
        Column("tensor", tr("Tensor")),
        Column("state", tr("State"), show=lambda state: states[state]),
        Column("reason", tr("Reason"), show=lambda words: tr(from_plain(words))),
    ]
