import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.runs import Seen, make_run, trained
from workbench.cli import main
from workbench.core.errors import UserError
from workbench.core.events import Answered, Ending, EpochDone, Failed, Finished, ModelSaved, Started, StepsDone, Stopped
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader, whole_history
from workbench.recipe import read_recipe
from workbench.training import ledger
from workbench.training.worker import recipe_of, train_run


@pytest.fixture
def heeds_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step be reported, and wishes be heard at every step."""
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)


def losses(folder: RunFolder) -> np.ndarray:
    steps, values = whole_history(folder)[0].scalars["training_loss"]
    assert list(steps) == list(range(1, len(steps) + 1)), "every step once, in order"
    return values


def test_a_run_ends_once_and_leaves_a_model(tmp_path: Path) -> None:
    seen = Seen()
    folder = make_run(tmp_path)
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    assert seen.of(Ending) == [ending]
    assert seen.events[-1] is ending
    assert [event.epoch for event in seen.of(EpochDone)] == [1, 2, 3]
    assert {"training_loss", "training_accuracy", "validation_loss", "validation_accuracy", "test_accuracy"} <= set(
        ending.metrics
    )
    assert folder.best_model() is not None
    assert whole_history(folder)[1] == "finished"
    start = seen.of(Started)[0]
    assert len(losses(folder)) == start.total_steps == 3 * math.ceil(start.samples / 32)


def test_learning_happens_and_test_metrics_are_those_of_the_best_model(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, "training.epochs=12", "training.optimizer.learning_rate=0.01")
    assert isinstance(ending, Finished)
    seen = whole_history(folder)[0].scalars["validation_accuracy"][1]
    assert ending.metrics["validation_accuracy"] == pytest.approx(float(seen.max()), abs=1e-6)
    assert ending.metrics["test_accuracy"] > 0.5


def test_the_resolved_recipe_leaves_nothing_open_and_gives_the_same_run(tmp_path: Path) -> None:
    first, _ = trained(tmp_path)
    recipe = read_recipe(first.recipe)
    assert "auto" not in {recipe.training.device, recipe.training.threads, recipe.training.precision}
    second = make_run(tmp_path)
    second.asked.write_text(first.recipe.read_text())
    train_run(second)
    assert np.array_equal(losses(first), losses(second))


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    assert not np.array_equal(losses(trained(tmp_path)[0]), losses(trained(tmp_path, "training.seed=1")[0]))


@pytest.mark.usefixtures("heeds_every_step")
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "muon"])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_resuming_in_mid_epoch_is_bit_identical(tmp_path: Path, optimizer: str, layout: str) -> None:
    changes = (
        f"training.optimizer.kind={optimizer}",
        f"training.memory_layout={layout}",
        "architecture.dropout=0.2",
        "data.augmentation.rotation=10",
        "training.epochs=2",
        "training.ema=0.9",
        "training.optimizer.momentum=0.9" if optimizer == "sgd" else "training.seed=0",
    )
    whole, _ = trained(tmp_path, *changes)
    parts = make_run(tmp_path, *changes)
    ending = train_run(parts, on_event=Seen(StepsDone, lambda event: parts.write_wish("stop"), after=3))
    assert isinstance(ending, Stopped)
    assert ending.step % 6, "stopped in the middle of an epoch"
    assert isinstance(train_run(parts), Finished)
    assert np.array_equal(losses(whole), losses(parts))
    first, second = (folder.newest_checkpoints()[0] for folder in (whole, parts))
    for name in ("model.safetensors", "optimizer.safetensors", "average.safetensors", "random.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    for name in ("training_loss", "training_accuracy", "validation_loss"):
        first_values, second_values = (whole_history(folder)[0].scalars[name][1] for folder in (whole, parts))
        assert np.array_equal(first_values, second_values), name


@pytest.mark.usefixtures("heeds_every_step")
def test_a_pause_keeps_the_model_and_goes_on_as_if_nothing_happened(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    states: list[str] = []
    reader = RunReader(folder)

    def act(event: object) -> None:
        if isinstance(event, StepsDone) and event.step == 4:
            folder.write_wish("pause")
        if isinstance(event, Answered):
            reader.read()
            states.append(reader.state())
            if event.state == "paused":
                assert folder.best_model() is not None, "Try it works during a pause"
                folder.write_wish("run")

    assert isinstance(train_run(folder, on_event=act), Finished)
    assert states == ["paused", "running"]
    assert np.array_equal(losses(folder), losses(trained(tmp_path)[0]))


@pytest.mark.usefixtures("heeds_every_step")
def test_a_wish_to_another_attempt_is_ignored(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    train_run(folder, on_event=Seen(StepsDone, lambda event: folder.write_wish("stop"), after=2))
    assert isinstance(train_run(folder), Finished), "the old wish to stop does not stop the new attempt"


def test_more_epochs_continue_one_curve(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path)
    before = losses(folder)
    ending = train_run(folder, ["training.epochs=5"])
    assert isinstance(ending, Finished)
    assert ending.epoch == 5
    after = losses(folder)
    assert len(after) == len(before) * 5 // 3
    assert np.array_equal(after[: len(before)], before)
    epochs = [event.epoch for event in whole_history(folder)[0].events if isinstance(event, EpochDone)]
    assert epochs == [1, 2, 3, 4, 5]
    starts = [event for event in whole_history(folder)[0].events if isinstance(event, Started)]
    assert starts[1].changed == {"training.epochs": 5}
    assert starts[1].parent


def test_settings_that_make_it_another_run_are_refused(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    ending = train_run(folder, ["training.batch_size=8"])
    assert isinstance(ending, Failed)
    assert "training.batch_size cannot change" in ending.error["message"].format(**ending.error["values"])


def test_less_training_than_a_run_has_had_is_refused(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, "training.epochs=2")
    with pytest.raises(UserError, match="after epoch 1: it has trained 2 epochs already"):
        recipe_of(folder, ["training.epochs=1"])
    with pytest.raises(UserError, match=f"after step 3: it has taken {ending.step} steps"):
        recipe_of(folder, ["training.steps=3"])
    assert recipe_of(folder, ["training.epochs=2"])[0].training.epochs == 2
    assert main(["resume", str(folder.path), "--set", "training.epochs=1"]) == 1
    assert whole_history(folder)[1] == "finished"


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_divergence_is_named_and_the_good_model_stays(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    good = folder.best_model()
    assert good is not None
    changes = ("kind=sgd", "learning_rate=100", "weight_decay=10")
    bad = make_run(tmp_path, *(f"training.optimizer.{change}" for change in changes), "training.epochs=40")
    ending = train_run(bad)
    assert isinstance(ending, Failed)
    assert "diverged" in ending.error["message"]
    assert int(ending.error["values"]["step"].replace(",", "")) >= 1
    assert whole_history(bad)[1] == "failed"
    values = whole_history(bad)[0].scalars["training_loss"][1]
    assert not np.isfinite(values).all(), "the curve shows what happened"


def test_patience_stops_early(tmp_path: Path) -> None:
    ending = trained(tmp_path, "training.epochs=200", "training.patience=2", "training.optimizer.learning_rate=0.05")[1]
    assert isinstance(ending, Finished)
    assert ending.epoch < 200
    assert "has not improved for 2 epochs" in str(ending.reason)


@pytest.mark.parametrize("metric", ["accuracy", "validation_accuracy", "loss"])
def test_a_target_stops_early(tmp_path: Path, metric: str) -> None:
    target = 2.0 if metric == "loss" else 0.5
    ending = trained(
        tmp_path,
        "training.epochs=100",
        f"training.target_metric={metric}",
        f"training.target_value={target}",
        "training.optimizer.learning_rate=0.01",
    )[1]
    assert isinstance(ending, Finished)
    assert ending.epoch < 100
    assert "target was reached" in str(ending.reason)


def test_accumulated_batches_are_one_large_batch(tmp_path: Path) -> None:
    large = trained(tmp_path, "training.batch_size=64", "training.optimizer.kind=sgd")[0]
    small = trained(tmp_path, "training.batch_size=16", "training.accumulation=4", "training.optimizer.kind=sgd")[0]
    assert np.allclose(losses(large), losses(small), rtol=1e-4)


def test_all_samples_are_one_step(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, "training.batch_size=all")
    assert isinstance(ending, Finished)
    assert len(losses(folder)) == 3


@pytest.mark.parametrize(
    "change",
    [
        "training.class_weights=balanced",
        "training.label_smoothing=0.1",
        "training.gradient_clip=0.01",
        "training.schedule.kind=reduce_on_plateau",
        "training.schedule.kind=one_cycle",
        "training.precision=bfloat16",
        "training.speed=plain",
        "data.augmentation.mixup=0.4",
        "data.augmentation.trivial_augment=true",
        "data.validation=0",
    ],
)
def test_every_choice_trains_and_matters(tmp_path: Path, change: str) -> None:
    folder, ending = trained(tmp_path, change)
    assert isinstance(ending, Finished), ending
    if change not in ("training.speed=plain", "data.validation=0"):
        history = whole_history(folder)[0].scalars
        before = whole_history(trained(tmp_path)[0])[0].scalars
        same_losses = np.array_equal(history["training_loss"][1], before["training_loss"][1])
        same_rates = np.array_equal(history["learning_rate"][1], before["learning_rate"][1])
        assert not (same_losses and same_rates)


def test_validation_loss_is_the_plain_one(tmp_path: Path) -> None:
    smooth = trained(tmp_path, "training.label_smoothing=0.3", "training.epochs=1")[0]
    model = smooth.best_model()
    assert model is not None
    saved = [event for event in whole_history(smooth)[0].events if isinstance(event, ModelSaved)]
    assert saved[-1].metrics["validation_loss"] < saved[-1].metrics["training_loss"]


def test_memory_that_is_not_enough_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*arguments: object, **named: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("workbench.training.loop.fed", out_of_memory)
    ending = trained(tmp_path)[1]
    assert isinstance(ending, Failed)
    assert ending.error["message"] == "The memory is not enough for this training."
    assert "smaller batches" in ending.error["hint"]
    assert "OutOfMemoryError" in ending.error["details"]
