"""What stands behind the pages: engine, jobs, trainings, follower, list of runs, draft and memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core import memory_room
from workbench.core.run_folder import RunFolder
from workbench.gui.at_hand import AtHand
from workbench.gui.draft import Draft
from workbench.gui.engine_client import Engine, Jobs
from workbench.gui.follower import Follower
from workbench.gui.jobs import Trainings
from workbench.gui.memory import Memory
from workbench.gui.order import Order
from workbench.gui.passphrases import Passphrases
from workbench.gui.run_list import RunList
from workbench.gui.service import Service

_JOBS_MILLISECONDS = 300  # after the engine is there, a spare process for jobs warms up, and then a trainer
_TRAINER_MILLISECONDS = 2_500


class Backstage(QObject):
    """Lives as long as the window, while pages are built and built again."""

    catalogue_came = Signal(object)
    devices_came = Signal(object)

    def __init__(self, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.memory = Memory(self)
        self.engine = Engine(self)
        self.jobs = Jobs(self)
        self.trainings = Trainings(self)
        self.follower = Follower(self)
        self.service = Service(self)
        self.passphrases = Passphrases((self.engine, self.jobs, self.service), self)
        self.runs = RunList(runs, self)
        self.draft = Draft(self.engine, runs, self)
        self.at_hand = AtHand()
        self.catalogue: dict[str, Any] = {}
        self.devices: dict[str, Any] = {}
        self._started = self._ended = False
        self._warming = [
            _later(_JOBS_MILLISECONDS, self.jobs.warm, self), _later(_TRAINER_MILLISECONDS, self.trainings.warm, self)
        ]  # fmt: skip
        self.trainings.queue_changed.connect(self._remember_queue)
        self.trainings.begun.connect(self.take_in_hand)
        self.runs.live_found.connect(self._attach)

    def start_engine(self) -> None:
        """Start the engine, which takes a while to get ready, before anything is asked of it."""
        if not self._ended:
            self.engine.start()

    def start(self) -> None:
        """Ask for the settings and look for runs, unless that was done."""
        if self._started or self._ended:
            return
        self._started = True
        self.engine.start()
        self.engine.ask("settings.catalogue").then(self, self._take_catalogue)
        self.engine.ask("devices.list").then(self, self._take_devices)
        self.runs.start()
        waiting = [order for plain in self.memory.get("queue", []) if (order := self._order(plain)) is not None]
        self.trainings.restore_queue(waiting)

    def take_in_hand(self, name: str) -> None:
        """Let the run called `name` be what pages show when they are opened."""
        self.at_hand.take(str(self.runs.folder(name).path))

    def end(self, *, stop: bool, wait: bool = False) -> bool:
        """End all that must not outlive the window; return whether no thread runs any more.

        stop: ask every trainer to save and stop; those in a process of their own otherwise train on. wait: for that.
        """
        self._ended = True
        for timer in self._warming:
            timer.stop()
        self._remember_queue()
        self.memory.flush()
        self.jobs.stop()
        self.engine.stop()
        self.service.end()
        ended = self.trainings.close(stop=stop, wait=wait)
        if ended:
            self.follower.stop()
            self.runs.stop()
            if memory_room.is_wanted():  # the processes that used it were ended, and could not clear up
                memory_room.sweep()
        return ended

    def end_now(self) -> None:
        """End, and wait for threads however long they take: to destroy one that runs ends the program."""
        self.end(stop=False, wait=True)

    def _take_catalogue(self, catalogue: dict[str, Any]) -> None:
        self.catalogue = catalogue
        self.catalogue_came.emit(catalogue)
        for timer in self._warming:
            timer.start()

    def _take_devices(self, devices: dict[str, Any]) -> None:
        self.devices = devices
        self.devices_came.emit(devices)

    def _attach(self, folder: RunFolder) -> None:
        self.trainings.attach(folder)

    def _remember_queue(self) -> None:
        plain = [{"name": order.name, "set": list(order.assignments)} for order in self.trainings.queue()]
        self.memory.put("queue", plain)

    def _order(self, plain: Any) -> Order | None:
        """Return the order that `_remember_queue` wrote, or None for anything else."""
        if not isinstance(plain, dict) or not isinstance(plain.get("name"), str) or not plain["name"]:
            return None
        assignments = plain.get("set", [])
        return Order(self.runs.folder(plain["name"]), tuple(str(text) for text in assignments))


def _later(milliseconds: int, act: Callable[[], object], parent: QObject) -> QTimer:
    """Return a timer that does something once, so long after it was started."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer
