"""The thread that speaks to MLflow: it alone waits for the server, and forgets the oldest when it must wait too long.

mlflow is imported in the thread: that takes seconds, and few runs are sent anywhere.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.files import read_json, write_json
from workbench.core.redaction import redacted
from workbench.core.words import Words

log = logging.getLogger("workbench")

_MOST = 500_000  # points that wait
_AT_ONCE = 1000  # points of one request, as MLflow takes them
_SETTINGS_AT_ONCE = 100
_LONGEST = 500  # characters of a setting, as all versions take them
_PAUSE, _LONGEST_PAUSE = 2.0, 60.0  # seconds before it is tried again
_STILL = 6.0  # seconds without any answer after which the end of a run waits no longer
_NEVER = 400  # the status of a request that is wrong in itself
_LOADING = 30.0  # seconds that the import may take then
_LIMITS = {  # of requests: theirs of two minutes, seven times over, would keep a process that wants to end
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",  # this program tells nobody what it is used for
    "MLFLOW_ALLOW_FILE_STORE": "true",  # a folder that a person names is meant
}


@dataclass(frozen=True)
class Begin:
    """An attempt begins. params: settings by full name. tags: what else there is to say of the run."""

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Point:
    """One value of a curve; time: milliseconds since 1970."""

    name: str
    step: int
    value: float
    time: int


@dataclass(frozen=True)
class Points:
    """Values of curves."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class End:
    """The run is over, in a status of MLflow."""

    status: str


Message = Begin | Points | End


class Sender:
    """Sends messages in their order from a thread of its own.

    file: keeps the id of MLflow's run, so that an attempt that goes on finds it again.
    """

    def __init__(self, address: str, experiment: str, file: Path) -> None:
        self._address, self._experiment, self._file = address.strip(), experiment, file
        self._waiting: deque[Message] = deque()
        self._points = self._lost = 0
        self._changed = threading.Condition()
        self._closing = self._is_done = self._is_loaded = self._is_told = False
        self._moved = time.monotonic()  # when the server answered last
        self._trouble: Words | None = None
        self._client: Any = None
        self._run = ""
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Let this be sent, in requests that succeed or fail as a whole; never waits."""
        with self._changed:
            if isinstance(message, Points):
                points = message.points
                self._waiting.extend(
                    Points(points[begin : begin + _AT_ONCE]) for begin in range(0, len(points), _AT_ONCE)
                )
                self._points += len(points)
            else:
                self._waiting.append(message)
            while self._points > _MOST:
                self._forget_the_oldest()
            self._changed.notify_all()

    def complaint(self) -> Words | None:
        """Return, once, what is wrong, or None."""
        with self._changed:
            if self._is_told or not (self._trouble or self._lost or (self._closing and not self._is_done)):
                return None
            self._is_told = True
            trouble = self._trouble or Words("it does not answer in time")
        return Words(
            "MLflow at {address} does not take what it is sent: {reason}. The training goes on; its own folder has "
            "everything.",
            {"address": redacted(self._address), "reason": trouble},
        )

    def finish(self) -> None:
        """Wait until all is sent, for as long as the server answers."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            began = time.monotonic()
            while not self._is_done:
                since, most = (max(self._moved, began), _STILL) if self._is_loaded else (began, _LOADING)
                left = since + most - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def close(self) -> None:
        """Let the thread end; one that hangs at a server ends with its request."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(0.2 if not self._is_done else None)

    def _forget_the_oldest(self) -> None:
        """Leave out points, never the beginning or the end."""
        for place, message in enumerate(self._waiting):
            if isinstance(message, Points):
                del self._waiting[place]
                self._points -= _size(message)
                self._lost += _size(message)
                return

    def _next(self) -> Message | None:
        """Return the first message that waits; None when there will be none any more."""
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            return self._waiting[0]

    def _work(self) -> None:
        pause = _PAUSE
        while (message := self._next()) is not None:
            trouble, is_final = self._sent(message)
            with self._changed:
                self._trouble = self._trouble or trouble
                if not trouble or is_final:
                    pause, self._moved = _PAUSE, time.monotonic()
                    if self._waiting and self._waiting[0] is message:
                        self._waiting.popleft()
                        self._points -= _size(message)
                    continue
                if self._closing:
                    break
                self._changed.wait_for(lambda: self._closing, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def _sent(self, message: Message) -> tuple[Words | None, bool]:
        """Send the message; return what went wrong, or None, and whether the server will never take it."""
        try:
            for name, value in _LIMITS.items():
                os.environ.setdefault(name, value)
            from mlflow.exceptions import MlflowException  # takes seconds

            from workbench.training.mlflow_trouble import reason_of
        except ImportError as error:
            log.warning("MLflow cannot be imported: %s", error)
            return Words("its library cannot be imported"), True
        with self._changed:
            if not self._is_loaded:
                self._is_loaded, self._moved = True, time.monotonic()
        try:
            self._send(message)
        except (MlflowException, OSError, ImportError, ValueError, RuntimeError) as error:
            refused = isinstance(error, MlflowException) and error.get_http_status_code() == _NEVER
            if self._trouble is None:  # the first tells why, the others would only fill the log
                log.warning("MLflow: %s", redacted(f"{type(error).__name__}: {error}"))
            return reason_of(error), refused
        return None, False

    def _send(self, message: Message) -> None:
        from mlflow.entities import Metric
        from mlflow.tracking import MlflowClient

        if self._client is None:
            self._client = MlflowClient(tracking_uri=self._address)
        match message:
            case Begin():
                self._begin(message)
            case Points():
                metrics = [Metric(point.name, point.value, point.time, point.step) for point in message.points]
                self._client.log_batch(self._run, metrics=metrics)
            case End():
                self._client.set_terminated(self._run, status=message.status)

    def _begin(self, message: Begin) -> None:
        """Find the run of an earlier attempt, or make a new one with its settings."""
        from mlflow.entities import Param, RunTag

        known = read_json(self._file, {})
        tags = [RunTag(name, value[:_LONGEST]) for name, value in message.tags.items()]
        if not self._run and known.get("run") and known.get("address") == redacted(self._address):
            self._run = str(known["run"])
            self._client.update_run(self._run, status="RUNNING")
            self._client.log_batch(self._run, tags=tags)
            return
        if not self._run:
            found = self._client.get_experiment_by_name(self._experiment)
            place = found.experiment_id if found else self._client.create_experiment(self._experiment)
            self._run = self._client.create_run(place, run_name=message.name).info.run_id
            write_json(self._file, {"address": redacted(self._address), "run": self._run})
        params = [Param(name, value[:_LONGEST]) for name, value in message.params.items()]
        for begin in range(0, len(params), _SETTINGS_AT_ONCE):
            self._client.log_batch(self._run, params=params[begin : begin + _SETTINGS_AT_ONCE])
        self._client.log_batch(self._run, tags=tags)


def _size(message: Message) -> int:
    return len(message.points) if isinstance(message, Points) else 0
