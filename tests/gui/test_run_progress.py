import math

import numpy as np

from tests.core.run_maker import started, steps
from workbench.core.events import EpochDone, Event, Failed, Finished, ModelSaved, Preparing, Stopped, Warned
from workbench.core.run_reader import Batch
from workbench.core.words import Words
from workbench.gui.run_progress import RunProgress


def batch(*events: Event, losses: tuple[int, int] = (0, 0), keep_until: int | None = None, **values: float) -> Batch:
    scalars = {name: (np.array([1]), np.array([value])) for name, value in values.items()}
    if losses[1]:
        scalars |= steps(*losses).scalars
    return Batch(events, scalars, keep_until)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_run_goes_from_nothing_to_the_end():
    progress = RunProgress()
    assert (progress.epoch, progress.step, progress.fraction, progress.metric) == (0, 0, None, "")
    progress.take(batch(Preparing(Words("Reading"), 1, 4)))
    assert progress.preparing
    progress.take(batch(started(), losses=(1, 5), samples_per_second=100.0, memory=2e9))
    assert (progress.epoch, progress.step, progress.fraction) == (1, 5, 5 / 30)
    assert (progress.rate, progress.memory) == (100.0, 2e9)
    metrics = {"validation_loss": 0.5, "validation_accuracy": 0.8}
    progress.take(batch(EpochDone(1, 10, metrics, 2.0), ModelSaved("m", 10, 1, True, metrics), losses=(6, 12)))
    assert (progress.epoch, progress.step, progress.metric, progress.has_model) == (2, 12, "accuracy", True)
    progress.take(batch(EpochDone(3, 30, metrics, 2.0), Finished(30, 3, 6.0, {"test_accuracy": 0.7})))
    assert (progress.epoch, progress.fraction, progress.metrics) == (3, 1.0, {"test_accuracy": 0.7})
    assert math.isnan(progress.seconds_left())


def test_before_the_first_epoch_is_over_the_pace_of_steps_tells_the_time_left():
    clock = Clock()
    progress = RunProgress(clock)
    progress.take(batch(started(epochs=10, steps_per_epoch=10), losses=(1, 1)))
    assert math.isnan(progress.seconds_left())
    clock.now = 2.0
    progress.take(batch(losses=(2, 5)))
    assert progress.seconds_left() == 95 * 2.0 / 4


def test_later_the_last_epochs_tell_it_with_their_validation():
    progress = RunProgress()
    progress.take(batch(started(), EpochDone(1, 10, {}, 3.0), losses=(1, 15)))
    assert progress.seconds_left() == 15 / 10 * 3.0


def test_a_resumed_run_forgets_what_its_new_attempt_leaves_behind():
    progress = RunProgress()
    progress.take(batch(started(), EpochDone(1, 10, {}, 1.0), EpochDone(2, 20, {}, 1.0), losses=(1, 25)))
    progress.take(batch(started(2, 10), losses=(11, 12), keep_until=10))
    assert [epoch.step for epoch in progress.epochs] == [10]
    assert (progress.step, progress.epoch) == (12, 2)
    assert math.isnan(progress.seconds_left())  # that epoch's duration is of another day


def test_the_best_epoch_is_known_before_its_model_is_saved_and_forgotten_with_what_an_attempt_leaves_behind():
    progress = RunProgress()
    metrics = [{"validation_accuracy": value} for value in (0.7, 0.9)]
    progress.take(batch(started(), EpochDone(1, 10, metrics[0], 1.0, True), ModelSaved("m", 10, 1, True, metrics[0])))
    progress.take(batch(EpochDone(2, 20, metrics[1], 1.0, True), losses=(1, 25)))
    assert progress.best
    assert (progress.best.epoch, progress.best.metrics) == (2, metrics[1])
    progress.take(batch(started(2, 10), losses=(11, 12), keep_until=10))
    assert progress.best
    assert (progress.best.epoch, progress.best.metrics) == (1, metrics[0])


def test_stopped_and_failed_runs_keep_their_step():
    for ending in (Stopped(17, 1, 1.0, {}), Failed(17, {})):
        progress = RunProgress()
        progress.take(batch(started(), ending, losses=(1, 17)))
        assert (progress.step, progress.ending) == (17, ending)
        assert progress.fraction == 17 / 30


def test_an_extension_lives_again():
    progress = RunProgress()
    progress.take(batch(started(), Finished(30, 3, 1.0, {})))
    progress.take(batch(started(2, 30, epochs=6), keep_until=30))
    assert progress.ending is None
    assert progress.fraction == 0.5


def test_warnings_are_kept_in_order():
    progress = RunProgress()
    progress.take(batch(Warned(Words("One")), Warned(Words("Two"))))
    assert [warned.message.template for warned in progress.warnings] == ["One", "Two"]
