"""The box in which a run with a model is chosen, as Try it and Share have it."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.core.words import tr
from workbench.gui.widgets.combo import Combo


class ModelChooser(Combo):
    """Runs that have a model, newest first; keeps its choice while runs come and go.

    A run is {"path", "title", "epoch", "score" (shown as it is, may be empty), "live" (still training), "step"}.
    """

    run_chosen = Signal(
        object
    )  # the run, or an empty dictionary when there is none; also when its model became a newer one
    picked = Signal(str)  # folder of the run that a person chose here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: list[dict[str, Any]] = []
        self._told: tuple[Any, ...] = ()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumWidth(240)
        self.setMaximumWidth(440)
        self.currentIndexChanged.connect(self._tell)
        self.activated.connect(lambda _: self.picked.emit(str(self.run()["path"])))

    def set_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Offer these runs."""
        fresh = [dict(run) for run in runs]
        if fresh == self._runs and self.count():
            return
        chosen = self.run().get("path")
        self._runs = fresh
        blocked = self.blockSignals(True)
        self.clear()
        for run in fresh:
            self.addItem(described(run), run["path"])
            self.setItemData(self.count() - 1, run["path"], Qt.ItemDataRole.ToolTipRole)
        kept = next((place for place, run in enumerate(fresh) if run["path"] == chosen), 0)
        self.setCurrentIndex(kept if fresh else -1)
        self.blockSignals(blocked)
        self.setEnabled(bool(fresh))
        self._tell()

    def choose(self, *paths: str) -> None:
        """Choose the run in the first of these folders that is offered, if any is."""
        places = {str(run["path"]): place for place, run in enumerate(self._runs)}
        offered = next((path for path in paths if path in places), None)
        if offered is not None:
            self.setCurrentIndex(places[offered])

    def run(self) -> dict[str, Any]:
        """Return the chosen run, or an empty dictionary."""
        place = self.currentIndex()
        return dict(self._runs[place]) if 0 <= place < len(self._runs) else {}

    def _tell(self) -> None:
        run = self.run()
        now = (run.get("path"), run.get("step"), run.get("epoch"))
        if now != self._told:
            self._told = now
            self.run_chosen.emit(run)


def described(run: Mapping[str, Any]) -> str:
    """Return a run in one line: "convnet-digits · best, epoch 6 · 91.9 %"."""
    parts = [str(run["title"])]
    if run.get("epoch"):
        parts.append(tr("best, epoch {epoch}", epoch=run["epoch"]))
    if run.get("score"):
        parts.append(str(run["score"]))
    if run.get("live"):
        parts.append(tr("training"))
    return "  ·  ".join(parts)
