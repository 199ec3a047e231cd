"""The buttons at the top of the Train page: what can be done with a run depends on what it is doing."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QMessageBox, QPushButton, QWidget

from workbench.core.words import mark, plural, tr
from workbench.gui.icons import icon
from workbench.gui.theme import explain, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button

_MORE = (1, 5, 10, 20, 50)  # epochs that "Train more" offers

# For each state of the run that is shown: the buttons from left to right, the last one being the primary.
_SHOWN: dict[str, tuple[str, ...]] = {
    "": ("start",),
    "queued": ("start",),
    "starting": ("start", "stop"),
    "running": ("start", "pause", "stop"),
    "paused": ("start", "stop", "pause"),
    "stopping": ("start", "stop"),
    "not responding": ("start", "stop"),
    "finished": ("discard", "start", "more", "try_it"),
    "stopped": ("discard", "start", "more", "resume", "try_it"),
    "interrupted": ("discard", "start", "try_it", "resume"),
    "failed": ("discard", "try_it", "resume", "start"),
    "failed at once": ("discard", "start"),
    "diverged": ("discard", "try_it", "start", "fork"),
}
GENTLER = {
    "rate": mark("With a tenth of the learning rate"),
    "clip": mark("With gradients clipped at 1"),
    "both": mark("With both"),
}
_LIVE = ("starting", "running", "paused", "stopping", "not responding")


class TrainActions(QWidget):
    """Start, pause, stop and what comes after; one of them is the primary button."""

    start_pressed = Signal()
    pause_pressed = Signal()
    continue_pressed = Signal()
    stop_pressed = Signal()
    resume_pressed = Signal()
    more_pressed = Signal(int)  # epochs to add
    try_pressed = Signal()
    fork_pressed = Signal(str)  # one of GENTLER
    discard_confirmed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ""
        self._question: QMessageBox | None = None
        self.start = _named("start", tr("Start training"), "play", tr("Trains with these settings (F5)."))
        self.pause = _named("pause", tr("Pause"), "pause", tr("Holds the training, or lets it go on (F6)."))
        self.stop = _named("stop", tr("Stop and keep"), "stop", tr("Ends the training. What was learned is kept."))
        self.resume = _named("resume", tr("Resume"), "play", tr("Goes on from the last checkpoint."))
        self.more = _named("more", tr("Train more"), "plus", tr("Adds epochs to this run; its curves go on."))
        self.fork = _named(
            "fork", tr("Go on gently"), "play", tr("Makes a new run that goes on from the last good checkpoint.")
        )
        self.try_it = _named("try", tr("Try it"), "magic-wand")
        self.discard = _named("discard", tr("Discard…"), "trash")
        self._buttons = {
            "start": self.start, "pause": self.pause, "stop": self.stop, "resume": self.resume, "more": self.more,
            "fork": self.fork, "try_it": self.try_it, "discard": self.discard,
        }  # fmt: skip
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(Space.medium)
        for widget in self._buttons.values():
            widget.setParent(self)
        menu = QMenu(self.more)
        for epochs in _MORE:
            action = menu.addAction(plural(epochs, "{count} more epoch", "{count} more epochs"))
            action.triggered.connect(lambda _=False, epochs=epochs: self.more_pressed.emit(epochs))
        self.more.setMenu(menu)
        gently = QMenu(self.fork)
        for kind, text in GENTLER.items():
            gently.addAction(tr(text)).triggered.connect(lambda _=False, kind=kind: self.fork_pressed.emit(kind))
        self.fork.setMenu(gently)
        self.start.clicked.connect(self.start_pressed)
        self.pause.clicked.connect(self._press_pause)
        self.stop.clicked.connect(self.stop_pressed)
        self.resume.clicked.connect(self.resume_pressed)
        self.try_it.clicked.connect(self.try_pressed)
        self.discard.clicked.connect(self._ask_to_discard)
        self.show_state("", has_model=False)

    def show_state(self, state: str, *, has_model: bool, why: str = "") -> None:
        """Show what can be done with a run in this state; an empty state means that no run is shown.

        why: "diverged" when the run failed because its numbers are no longer finite, and would do so again; "failed at
        once" when there is nothing to go on from.
        """
        self._state = state
        names = [name for name in _SHOWN.get(why or state, ("start",)) if name != "try_it" or has_model]
        for name, widget in self._buttons.items():
            self._layout.removeWidget(widget)
            widget.setVisible(name in names)
        for name in names:
            primary = name == names[-1]
            widget = look(self._buttons[name], "primary" if primary else "danger" if name == "discard" else "plain")
            widget.setIcon(icon(_ICONS[name], "on_accent" if primary else "error" if name == "discard" else "text"))
            self._layout.addWidget(widget)
        live = state in _LIVE
        self.start.setText(tr("Add to queue") if live else tr("New run") if state else tr("Start training"))
        self.start.setAccessibleName(self.start.text())
        self.pause.setText(tr("Go on") if state == "paused" else tr("Pause"))
        self.pause.setAccessibleName(self.pause.text())
        self.pause.setIcon(icon("play" if state == "paused" else "pause", "on_accent" if state == "paused" else "text"))
        explain(self.stop, state != "stopping", tr("It is saving what was learned."))

    def allow_start(self, allowed: bool, why: str) -> None:
        """Enable or disable Start; while it is disabled it says why."""
        explain(self.start, allowed, why)

    def _press_pause(self) -> None:
        (self.continue_pressed if self._state == "paused" else self.pause_pressed).emit()

    def _ask_to_discard(self) -> None:
        """Ask without stopping anything else; the answer comes as a signal."""
        question = QMessageBox(self.window())
        question.setObjectName("train.discard_question")
        question.setIcon(QMessageBox.Icon.NoIcon)
        question.setText(tr("Discard this run?"))
        question.setInformativeText(tr("Its model, its curves and its checkpoints go to the trash for 30 days."))
        yes = question.addButton(tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        question.addButton(tr("Keep"), QMessageBox.ButtonRole.RejectRole)
        yes.setObjectName("train.discard_yes")
        yes.setAccessibleName(yes.text())
        yes.clicked.connect(self.discard_confirmed)
        question.finished.connect(question.deleteLater)
        self._question = question
        question.open()


_ICONS = {
    "start": "play",
    "pause": "pause",
    "stop": "stop",
    "resume": "play",
    "more": "plus",
    "fork": "play",
    "try_it": "magic-wand",
    "discard": "trash",
}


def _named(name: str, text: str, icon_name: str, tip: str = "") -> QPushButton:
    result = button(text, icon_name, tip)
    result.setObjectName(f"train.{name}")
    result.setAccessibleName(text)
    return result
