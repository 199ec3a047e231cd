"""Joins the Train page with the draft, the trainings and the follower: what is started, watched and ended there."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import UserError
from workbench.core.events import Started
from workbench.core.resumable import require_resumable
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import LIVE, Batch
from workbench.core.run_summary import recipe_of
from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.draft import Draft
from workbench.gui.engine_client import Engine
from workbench.gui.follower import Follower
from workbench.gui.jobs import Trainings
from workbench.gui.pages.train import TrainPage
from workbench.gui.run_list import RunList
from workbench.gui.titles import architecture_title, recipe_line, schedule_title
from workbench.gui.watchdog import Watchdog


class TrainDesk(QObject):
    """Lives as long as its page; the run that is shown is named by the page."""

    said = Signal(str)  # what trains now, in a few words, or nothing
    failed = Signal(object)  # UserError that belongs to no run that is shown

    def __init__(
        self, page: TrainPage, draft: Draft, engine: Engine, trainings: Trainings, follower: Follower, runs: RunList
    ) -> None:
        super().__init__(page)
        self.page, self.draft, self.trainings, self.follower, self.runs = page, draft, trainings, follower, runs
        self._engine = engine
        self._catalogue: Mapping[str, Any] = {}
        self.watchdog = Watchdog(follower, trainings, self)
        self.watchdog.still.connect(self._tell_still)
        self.watchdog.moved.connect(lambda name: page.show_moving() if name == page.run() else None)
        draft.checked.connect(self._take_check)
        draft.refused.connect(page.show_check)
        draft.failed.connect(page.show_error)
        draft.rates_changed.connect(self._take_rates)
        draft.parameters_changed.connect(self.show_draft)
        draft.ordered.connect(self._train)
        trainings.begun.connect(self.show)
        trainings.ended.connect(self._end)
        trainings.queue_changed.connect(self._show_queue)
        follower.batch.connect(self._take)
        follower.state_changed.connect(self._take_state)
        page.changed.connect(draft.set_training)
        page.start_requested.connect(draft.order)
        page.resumed.connect(self.resume)
        page.forked.connect(lambda name, kind: self.fork(name, self._gentler(name, kind)))
        page.wished.connect(self._wish)
        page.waited.connect(self.watchdog.wait)
        page.end_wanted.connect(self._end_process)
        page.queue_moved.connect(trainings.move)
        page.queue_removed.connect(trainings.remove)
        self.show_draft()
        self._show_queue()

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take the declarations of all settings; the draft begins with what the form then shows."""
        self._catalogue = catalogue
        self.page.set_catalogue(catalogue)
        if self.page.run():  # shown before its model had a title
            self.page.name_run(recipe_line(catalogue, recipe_of(self.runs.folder(self.page.run()))))
        self.draft.set_training(self.page.training())
        self.show_draft()

    def show_draft(self, *_: object) -> None:
        """Show on the page what the next run has, and what it still needs."""
        draft = self.draft
        missing = "data" if not draft.data else "model" if not draft.architecture else "settings" if draft.held else ""
        parts = [str(draft.summary.get("name", ""))]
        if draft.architecture:
            parts.append(architecture_title(self._catalogue, draft.architecture))
        line = "  ·  ".join(part for part in parts if part)
        known = 0 if missing else draft.parameters
        self.page.set_draft(missing, line, draft.samples(), known, draft.steps_per_epoch())

    def show(self, name: str) -> None:
        """Show this run on the page, from its beginning."""
        before, folder = self.page.run(), self.runs.folder(name)
        if before and before != name and before not in self.trainings.live():
            self.follower.forget(before)
        self.page.show_run(folder, recipe_line(self._catalogue, recipe_of(folder)))
        self.follower.follow(folder)
        self.runs.look_again(name)
        self._say()

    def clear(self, name: str) -> None:
        """Show this run no more: it is gone."""
        self.follower.forget(name)
        self.trainings.remove(name)
        if self.page.run() == name:
            self.page.show_run(None)
            self.draft.set_training(self.page.training())
            self.show_draft()

    def resume(self, name: str, assignments: list[str]) -> None:
        """Go on with a run, with these settings changed, once nothing else trains."""
        try:
            require_resumable(self.runs.folder(name))
        except UserError as error:
            self.failed.emit(error)
            return
        self._train(self.runs.folder(name), assignments)

    def fork(self, name: str, assignments: Sequence[str] = ()) -> None:
        """Go on from the last good checkpoint of a run as a new one, with these settings changed."""
        question = {"run": str(self.runs.folder(name).path), "assignments": list(assignments)}
        self._engine.ask("forking.fork", question).then(
            self, lambda answer: self.resume(answer["name"], []), self.failed.emit
        )

    def _gentler(self, name: str, kind: str) -> list[str]:
        """Return the settings with which a run that diverged may go well."""
        optimizer = recipe_of(self.runs.folder(name)).get("training", {}).get("optimizer", {})
        smaller = f"training.optimizer.learning_rate={float(optimizer.get('learning_rate', 1e-3)) / 10:.6g}"
        clipped = "training.gradient_clip=1.0"
        return {"rate": [smaller], "clip": [clipped], "both": [smaller, clipped]}[kind]

    def _train(self, folder: RunFolder, assignments: list[str] | None = None) -> None:
        self.trainings.submit(folder, assignments or ())
        self.runs.look_again(folder.name)

    def _wish(self, name: str, wanted: str) -> None:
        try:
            self.trainings.wish(name, wanted)  # type: ignore[arg-type]
        except OSError as error:
            reason = error.strerror or str(error)
            told = UserError(
                "The trainer could not be told: {reason}.",
                hint="See that the folder of the run is there and can be written to, then try again.",
                reason=reason,
            )
            self.page.show_error(told)

    def _tell_still(self, name: str) -> None:
        if name == self.page.run():
            self.page.show_still(self.watchdog.seconds, name not in self.trainings.ends_with_the_window())
        else:
            self.failed.emit(
                UserError(
                    "Nothing comes from the training of {name} any more.", hint="Open it from the Runs page.", name=name
                )
            )

    def _end_process(self, name: str) -> None:
        """End a trainer that hangs; the run is interrupted, and can be resumed."""
        if not self.trainings.end_process(name):
            self.page.show_error(
                UserError(
                    "The process that trains {name} was not found on this machine.",
                    hint="See whether it trains on another one, or end it there.",
                    name=name,
                )
            )

    def _take(self, batches: dict[str, Batch]) -> None:
        for name, batch in batches.items():
            if name == self.page.run():
                self.page.take(batch)
            for event in batch.events:
                if isinstance(event, Started):
                    self._begin(name, event)
        self._say()

    def _begin(self, name: str, start: Started) -> None:
        if name in self.trainings.live():
            self.trainings.note_start(name)
            if name == self.page.run():
                self._ask_for_rates(name, start)

    def _ask_for_rates(self, name: str, start: Started) -> None:
        recipe = recipe_of(self.runs.folder(name))
        recipe["training"] = {**recipe.get("training", {}), "epochs": start.epochs}
        schedule = recipe["training"].get("schedule", {}).get("kind", "")
        if not self._catalogue or self._catalogue["schedules"].get(schedule, {}).get("reacts"):
            return  # nobody knows beforehand how a schedule that reacts will go

        def show(answer: Mapping[str, Any]) -> None:
            if name == self.page.run() and name in self.trainings.live():
                title = schedule_title(self._catalogue, recipe["training"])
                self.page.plots.show_planned(answer["steps"], answer["values"], title)

        question = {"recipe": recipe, "steps": start.total_steps}
        self._engine.ask("settings.learning_rates", question).then(self.page, show, lambda error: None)

    def _take_state(self, name: str, state: str) -> None:
        if name == self.page.run():
            self.page.set_state(state)
        self.trainings.note_state(name, state)
        self.runs.look_again(name)
        self._say()

    def _end(self, name: str, error: UserError | None) -> None:
        self.runs.look_again(name)
        self.follower.tick()
        if name == self.page.run():
            state = self.follower.state(name)
            if state is not None:
                self.page.set_state(state)
            if error is not None and state != "failed":
                self.page.show_error(error)
        else:
            self.follower.forget(name)
            if error is not None:
                self.failed.emit(error)
        self._say()

    def _take_check(self, recipe: dict[str, Any]) -> None:
        self.page.show_check(None)
        self.show_draft()

    def _take_rates(self, steps: list[int], rates: list[float]) -> None:
        self.page.show_draft_rates(steps, rates, schedule_title(self._catalogue, self.draft.training))

    def _show_queue(self) -> None:
        waiting = []
        for order in self.trainings.queue():
            recipe = recipe_of(order.folder)
            epochs = recipe.get("training", {}).get("epochs", 0)
            words = plural(epochs, "{count} epoch", "{count} epochs") if isinstance(epochs, int) and epochs else ""
            waiting.append({"name": order.name, "title": recipe_line(self._catalogue, recipe), "line": words})
        self.page.queue.set_runs(waiting)
        self._say()

    def _say(self) -> None:
        """Say in a few words what trains, for the side bar."""
        states = {name: self.follower.state(name) for name in self.trainings.live()}
        live = [name for name, state in states.items() if state in (None, "queued", *LIVE)]  # the others just end
        waiting = len(self.trainings.queue())
        words = [plural(len(live), "{count} run training", "{count} runs training")] if live else []
        if self.page.run() in live:
            seconds = self.page.progress().seconds_left()
            if self.page.state() == "paused":
                words = [tr("Paused")]
            elif math.isfinite(seconds):
                words.append(figures.left(seconds))
        elif waiting:
            words.append(plural(waiting, "{count} run waits", "{count} runs wait"))
        self.said.emit(" · ".join(words))
