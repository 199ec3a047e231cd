"""Training in the background: the only file where threads meet.

A thread launches each run and watches it. Its steps run in a process of their own, or in that very thread, as the
recipe says. Either way everything goes through the run folder, so nothing else in the window knows the difference.
"""

import os
import sys
import traceback
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.events import Event, Failed, Preparing, Started
from workbench.core.resumable import require_resumable
from workbench.core.run_folder import RunFolder, Wanted
from workbench.core.run_reader import LIVE, RunReader, State, this_host
from workbench.core.run_writer import RunWriter
from workbench.gui.affinity import forbid_widgets
from workbench.gui.order import Order
from workbench.gui.trainer import TRAINER, Trainer, WarmTrainer, end_trainer

_LOOK_MILLISECONDS = 50  # between two looks at the trainer's process
_LAST_LOOKS = 20
_WARM_MILLISECONDS = 1_500  # a new warm trainer must not compete with what has just begun


class TrainingThread(QThread):
    """Launches one run and watches it until it ends, or until the window lets go of it."""

    def __init__(self, order: Order, trainer: Trainer | None, parent: QObject) -> None:
        """trainer: the process to use, or None to run the steps in this thread."""
        super().__init__(parent)
        self.order = order
        self.error: UserError | None = None
        self.is_unwanted = False  # a person has ended its process
        self._trainer = trainer

    @property
    def outlives_the_window(self) -> bool:
        return self._trainer is not None

    def run(self) -> None:
        """Train or watch; whatever goes wrong becomes `error`, and a run that has no ending of its own gets one."""
        forbid_widgets()
        try:
            if self._trainer is None:
                self._train_here()
            else:
                self._watch(self._trainer)
        except UserError as error:
            self.error = error
        except KeyboardInterrupt:
            return  # the window closes before the first step: the run can be resumed
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it to raise to
            self.error = UserError(
                "Training could not go on: {reason}.",
                hint="The details say where it happened.",
                details=traceback.format_exc(),
                reason=f"{type(error).__name__}: {error}".rstrip(". "),
            )
            self._mark_failed(self.error)

    def _train_here(self) -> None:
        if os.name == "nt" and "torch" not in sys.modules:
            raise UserError(
                "Training in the worker thread takes effect at the next start of the program.",
                hint="Close the window, open it again, and resume the run; or choose a process of its own.",
            )
        from workbench.training.worker import train_run

        train_run(self.order.folder, self.order.assignments, self._heed)

    def _heed(self, event: Event) -> None:
        """End before the first step when the window closes: nothing is there yet that could be saved."""
        if isinstance(event, Preparing) and self.isInterruptionRequested():
            raise KeyboardInterrupt

    def _watch(self, trainer: Trainer) -> None:
        require_resumable(self.order.folder)
        trainer.train(self.order.folder, self.order.assignments)
        while trainer.is_running():
            if self.isInterruptionRequested():
                trainer.let_go()
                return
            self.msleep(_LOOK_MILLISECONDS)
        if self._last_state() in ("queued", "interrupted") and not self.is_unwanted:
            details = "\n".join(part for part in (trainer.how_it_ended(), trainer.output(), _log(self.order)) if part)
            self.error = UserError(
                "The trainer of {name} ended unexpectedly.",
                hint="Resume the run: it goes on from its last checkpoint.",
                details=details,
                name=self.order.name,
            )
        trainer.let_go()

    def end_process(self) -> None:
        """End the process at once, whatever it does; what its checkpoints hold is kept."""
        if self._trainer is not None:
            self.is_unwanted = True
            self._trainer.kill()

    def _last_state(self) -> State:
        """Return how the run was left; for a moment after a process has died the system may still hold its lock."""
        reader = RunReader(self.order.folder, scalars=False)
        for _ in range(_LAST_LOOKS):
            reader.read()
            if (state := reader.state()) not in LIVE:
                return state
            self.msleep(_LOOK_MILLISECONDS)
        return state

    def _mark_failed(self, error: UserError) -> None:
        try:
            with RunWriter(self.order.folder) as writer:
                writer.write(Failed(0, error.to_plain()))
        except (UserError, OSError):
            return  # another process trains it, or its folder is gone: not ours to mark


class Trainings(QObject):
    """Trains one run at a time and keeps the others in a queue; runs that other processes train count too."""

    begun = Signal(str)  # name of the run
    ended = Signal(str, object)  # name of the run, UserError or None; the run folder says how
    queue_changed = Signal()
    idle = Signal()  # no thread runs any more

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._warm = WarmTrainer(command or TRAINER)
        self._threads: dict[str, TrainingThread] = {}
        self._attached: dict[str, RunFolder] = {}
        self._queue: list[Order] = []
        self._wanted: dict[str, Wanted] = {}
        self._closing = False
        self._warming = QTimer(self, singleShot=True, interval=_WARM_MILLISECONDS)  # type: ignore[call-overload]
        self._warming.timeout.connect(self.warm)

    def warm(self) -> None:
        """Let a trainer get ready for the next run, unless something trains."""
        if not self.live() and not self._closing:
            self._warm.prepare()

    def live(self) -> list[str]:
        """Return the names of the runs that train now."""
        return [*self._threads, *(name for name in self._attached if name not in self._threads)]

    def queue(self) -> list[Order]:
        """Return what waits, in its order."""
        return list(self._queue)

    def submit(self, folder: RunFolder, assignments: Iterable[str] = ()) -> bool:
        """Train this run now, or after the ones before it; return whether it begins now.

        A run that trains already, is not being stopped and has nothing to change is left to go on.
        """
        order = Order(folder, tuple(assignments))
        if order.name in self.live() and not order.assignments and self._wanted.get(order.name) != "stop":
            return False
        self._queue = [other for other in self._queue if other.name != order.name] + [order]
        begins = not self.live()
        self._next()
        self.queue_changed.emit()
        return begins

    def restore_queue(self, orders: Iterable[Order]) -> None:
        """Take the queue of an earlier window; it goes on once nothing trains."""
        self._queue += [order for order in orders if order.folder.asked.is_file() or order.folder.recipe.is_file()]
        self._next()
        self.queue_changed.emit()

    def move(self, name: str, place: int) -> None:
        """Put a waiting run at `place` of the queue, counted from 0."""
        order = next((order for order in self._queue if order.name == name), None)
        if order is not None:
            self._queue.remove(order)
            self._queue.insert(max(0, place), order)
            self.queue_changed.emit()

    def remove(self, name: str) -> None:
        """Take a run out of the queue; its folder stays."""
        self._queue = [order for order in self._queue if order.name != name]
        self.queue_changed.emit()

    def attach(self, folder: RunFolder) -> None:
        """Count a run that another process trains."""
        if folder.name not in self._threads and folder.name not in self._attached:
            self._attached[folder.name] = folder
            self.begun.emit(folder.name)

    def note_state(self, name: str, state: str) -> None:
        """Take what the follower sees: the end of an attached run is nobody else's to tell."""
        if name in self._attached and state not in LIVE:
            del self._attached[name]
            self._end(name, None)

    def wish(self, name: str, wanted: Wanted) -> None:
        """Ask a live run to pause, to go on or to stop; raises OSError when its folder cannot be written."""
        folder = self._folder(name)
        if folder is not None:
            self._wanted[name] = wanted
            folder.write_wish(wanted)

    def note_start(self, name: str) -> None:
        """Say a wish again to an attempt that began after it was said."""
        wanted, folder = self._wanted.get(name, "run"), self._folder(name)
        if folder is not None and wanted != "run":
            folder.write_wish(wanted)

    def ends_with_the_window(self) -> list[str]:
        """Return the live runs whose steps run in a thread of this window."""
        return [name for name, thread in self._threads.items() if not thread.outlives_the_window]

    def end_process(self, name: str) -> bool:
        """End the process that trains this run at once, as when it hangs; return whether there was one to end.

        The run is then interrupted and goes on from its last checkpoint when it is resumed. The system may refuse with
        OSError.
        """
        thread = self._threads.get(name)
        if thread is not None:
            thread.end_process()
            return thread.outlives_the_window
        folder = self._attached.get(name)
        if folder is None or not run_lock.is_held(folder.lock):
            return False
        started = [event for event in RunReader(folder, scalars=False).read().events if isinstance(event, Started)]
        return bool(started) and started[-1].host == this_host() and end_trainer(started[-1].pid)

    def close(self, *, stop: bool, wait: bool = False) -> bool:
        """Let go of every trainer, asking it to save and stop first if `stop`; return whether no thread runs any more.

        Threads that train themselves are asked to save and stop in any case; `idle` comes when they have, unless `wait`
        says to stay here until then.
        """
        self._closing = True
        self._warming.stop()
        self._warm.end()
        for name in self.live():
            if stop or name in self.ends_with_the_window():
                self.wish(name, "stop")
        self._attached.clear()
        for thread in list(self._threads.values()):
            thread.requestInterruption()
            if wait or thread.outlives_the_window:
                thread.wait()
        return self.is_quiet()

    def is_quiet(self) -> bool:
        """Return whether no thread runs any more."""
        return not any(thread.isRunning() for thread in self._threads.values())

    def _folder(self, name: str) -> RunFolder | None:
        thread = self._threads.get(name)
        return thread.order.folder if thread else self._attached.get(name)

    def _next(self) -> None:
        if self._closing or self.live() or not self._queue:
            return
        order = self._queue.pop(0)
        self._wanted.pop(order.name, None)
        try:
            trainer = None if order.in_thread else self._warm.take()
        except OSError as refused:
            reason = refused.strerror or str(refused)
            error = UserError(
                "The trainer could not be started: {reason}.",
                hint="Close other programs, then press Resume.",
                reason=reason,
            )
            self.ended.emit(order.name, error)
            QTimer.singleShot(0, self, self._next)
            return
        thread = self._threads[order.name] = TrainingThread(order, trainer, self)
        thread.finished.connect(self._collect, Qt.ConnectionType.QueuedConnection)
        thread.start()
        self.begun.emit(order.name)

    def _collect(self) -> None:
        for name, thread in list(self._threads.items()):
            if thread.isFinished():
                thread.wait()
                del self._threads[name]
                thread.deleteLater()
                self._end(name, thread.error)

    def _end(self, name: str, error: UserError | None) -> None:
        self._wanted.pop(name, None)
        self.ended.emit(name, error)
        if not self._threads:
            self.idle.emit()
        if not self._closing:
            self._next()
            self.queue_changed.emit()
            self._warming.start()


def _log(order: Order) -> str:
    """Return the end of what the trainer itself wrote."""
    try:
        return (order.folder.path / "log.txt").read_text("utf-8", "replace")[-2_000:].strip()
    except OSError:
        return ""
