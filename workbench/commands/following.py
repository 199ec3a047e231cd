"""A training in the terminal: a bar that moves, or a line per epoch where nobody watches."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from workbench.commands.output import duration, metric_title, metric_value
from workbench.core.events import EpochDone, Event, Preparing, Started, StepsDone, Warned
from workbench.core.run_summary import headline
from workbench.core.words import tr


class Follower:
    """Shows events as they come, as a context manager; `samples_per_second` is the throughput so far."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started: Started | None = None
        self.metrics: Mapping[str, float] = {}
        self._steps = 0
        self._step_seconds = 0.0
        self._stage = ""
        self._text = ""
        self._shown = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "Follower":
        self._shown.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._shown.stop()

    @property
    def samples_per_second(self) -> float:
        """Samples of all steps so far through the time they took; 0 before the first report."""
        if not self.started or not self._step_seconds:
            return 0.0
        return self._steps * self.started.samples / self.started.steps_per_epoch / self._step_seconds

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Preparing():
                self._prepare(event)
            case Started():
                self.started = event
                name = tr("Epoch {epoch} of {epochs}", epoch=event.epoch + 1, epochs=event.epochs)
                self._begin(name, event.total_steps, event.step)
            case StepsDone():
                self._count(event)
            case EpochDone():
                self._end_epoch(event)
            case Warned():
                self.console.print(tr(event.message), soft_wrap=True)
            case _:
                pass

    def _prepare(self, event: Preparing) -> None:
        stage = tr(event.stage)
        if event.stage.template != self._stage:  # its values may change with every report
            self._stage = event.stage.template
            self._begin(stage, event.total or None, event.done)
            if not self.console.is_terminal:
                self.console.print(stage, soft_wrap=True)
        elif self._task is not None:
            self._shown.update(self._task, description=stage, total=event.total or None, completed=event.done)

    def _begin(self, name: str, total: int | None, done: int) -> None:
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._task = self._shown.add_task(name, total=total, completed=done, figures="")

    def _count(self, event: StepsDone) -> None:
        losses = event.scalars.get("training_loss")
        rates = event.scalars.get("samples_per_second")
        if losses is None or not self.started or self._task is None:
            return
        steps = len(losses[0])
        if rates is not None and rates[1][-1] > 0:
            samples = steps * self.started.samples / self.started.steps_per_epoch
            self._steps += steps
            self._step_seconds += samples / float(rates[1][-1])
        figures = [tr("loss {value}", value=f"{float(losses[1][-1]):.4f}")]
        if (counts := headline(self.metrics)) and counts != "validation_loss":
            figures.append(_figure(counts, self.metrics[counts]))
        self._shown.update(self._task, completed=event.step, figures="  ".join(figures))

    def _end_epoch(self, event: EpochDone) -> None:
        self.metrics = event.metrics
        epochs = self.started.epochs if self.started else event.epoch
        if self._task is not None and event.epoch < epochs:
            name = tr("Epoch {epoch} of {epochs}", epoch=event.epoch + 1, epochs=epochs)
            self._shown.update(self._task, description=name)
        names = dict.fromkeys(("training_loss", "validation_loss", headline(event.metrics)))
        figures = [_figure(name, event.metrics[name]) for name in names if name in event.metrics]
        head = tr("Epoch {epoch} of {epochs}", epoch=event.epoch, epochs=epochs)
        self.console.print(f"{head}  {'  '.join(figures)}  {duration(event.seconds)}", soft_wrap=True)


def _figure(name: str, value: Any) -> str:
    return f"{metric_title(name)} {metric_value(name, float(value))}"
