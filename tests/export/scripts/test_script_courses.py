"""Runs that did not go from their beginning to their end in one piece: repeated all the same, or refused with words."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.export.scripts.repeating import assert_repeated, recorded, write_script
from tests.training.runs import Seen, make_run, trained
from workbench.core.errors import UserError
from workbench.core.events import Event, StepsDone
from workbench.core.files import read_json, write_json
from workbench.core.run_folder import RunFolder
from workbench.core.settings import Hint, hint_of
from workbench.export.exporting import export
from workbench.export.scripts import repeated
from workbench.export.scripts.repeated import Repeated, why_not
from workbench.training.checkpoint import newest_sound
from workbench.training.forking import fork
from workbench.training.worker import train_run


def refused(run: RunFolder) -> str:
    """Return why a run has no script."""
    why = why_not(run)
    assert why is not None
    return str(why)


@pytest.mark.slow
def test_a_run_that_ended_early(own_folders: Path):
    run, _ = trained(
        own_folders / "runs", "training.epochs=30", "training.target_metric=loss", "training.target_value=2.29"
    )
    course = Repeated.of(run)
    assert course.steps < course.plans[0][1]
    write_script(run, own_folders / "out")
    assert_repeated(run, own_folders / "out")


@pytest.mark.slow
def test_a_run_that_was_extended(own_folders: Path):
    run, _ = trained(own_folders / "runs", "training.epochs=2", "training.schedule.warmup=0.2")
    train_run(run, ["training.epochs=4"])
    assert Repeated.of(run).plans == ((0, 12), (12, 24))
    write_script(run, own_folders / "out")
    assert_repeated(run, own_folders / "out")
    last, _ = newest_sound(run)
    assert last is not None
    found = load_file(own_folders / "out" / "trained.safetensors")
    assert found.keys() == last.weights.keys()
    assert all(torch.equal(found[name], weight) for name, weight in last.weights.items())


@pytest.mark.slow
def test_a_run_that_was_stopped_and_went_on(own_folders: Path):
    run = make_run(own_folders / "runs", "training.epochs=3", "training.ema=0.9", "architecture.dropout=0.3")

    def stop(_: Event) -> None:
        run.write_wish("stop")

    train_run(run, on_event=Seen(StepsDone, stop))
    train_run(run)
    assert len(run.attempts()) == 2
    assert len(recorded(run)) == 18
    write_script(run, own_folders / "out")
    assert_repeated(run, own_folders / "out")


@pytest.mark.slow
def test_a_run_that_began_with_other_weights(own_folders: Path):
    first, _ = trained(own_folders / "runs")
    run, _ = trained(
        own_folders / "runs", f"training.start_from={first.path}", "training.freeze=features.0", "training.seed=3"
    )
    write_script(run, own_folders / "out")
    assert (own_folders / "out" / "start.safetensors").is_file()
    assert_repeated(run, own_folders / "out")


def test_runs_that_no_script_repeats_say_why(own_folders: Path, monkeypatch: pytest.MonkeyPatch):
    empty = make_run(own_folders / "runs")
    assert refused(empty) == "Nothing of its training is on record."
    run, _ = trained(own_folders / "runs", "training.steps=9")
    assert why_not(run) is None
    other = fork(run, ["training.steps=12"])
    train_run(other)
    assert refused(other).startswith("It went on from a checkpoint of another run")
    state = run.newest_checkpoints()[0] / "state.json"
    plain = json.loads(state.read_text("utf-8"))
    state.write_text(json.dumps({**plain, "extra": {**plain["extra"], "pieces": 2}}), encoding="utf-8")
    assert "in pieces" in refused(run)
    state.write_text(json.dumps(plain), encoding="utf-8")
    monkeypatch.setattr(repeated, "hint_of", lambda field: Hint() if field.title == "Steps" else hint_of(field))
    assert refused(run) == "It was trained with this setting, which no script repeats: Steps."
    with pytest.raises(UserError, match="cannot be exported as Training script: It was trained with this setting"):
        export(run, "script", own_folders / "out")
    monkeypatch.undo()
    train_run(run, ["training.steps=12"])
    assert refused(run) == "It was extended in the middle of an epoch."


def test_a_pupil_has_no_script(own_folders: Path):
    teacher, _ = trained(own_folders / "runs", "training.steps=1")
    run, _ = trained(own_folders / "runs", f"training.teacher={teacher.path}", "training.steps=1")
    assert refused(run) == "It was trained with this setting, which no script repeats: Teacher."


def test_data_that_are_too_large_are_said(own_folders: Path, monkeypatch: pytest.MonkeyPatch):
    run, _ = trained(own_folders / "runs", "training.steps=1")
    monkeypatch.setattr("workbench.export.scripts.data.MOST", 1000)
    with pytest.raises(UserError, match="a script carries at most"):
        export(run, "script", own_folders / "out")
    assert not (own_folders / "out").exists()


def with_another_bit(run: RunFolder, bit: int) -> None:
    """Change one bit of the first loss that is on record: 0 is the last of its fraction."""
    [losses] = run.path.glob("attempts/001/scalars/training_loss.bin")
    content = bytearray(losses.read_bytes())
    content[4 + bit // 8] ^= 1 << bit % 8
    losses.write_bytes(content)


def test_a_script_with_other_losses_is_not_kept(own_folders: Path):
    run, _ = trained(own_folders / "runs", "training.steps=2")
    with_another_bit(run, 0)
    with pytest.raises(UserError, match="does not give the losses of the run") as said:
        export(run, "script", own_folders / "out")
    assert "step 1:" in said.value.details
    assert not (own_folders / "out").exists()


@pytest.mark.slow
def test_on_another_machine_losses_may_be_rounded_otherwise_but_no_more(own_folders: Path):
    run, _ = trained(own_folders / "runs", "training.steps=2")
    write_json(run.environment, {**read_json(run.environment, {}), "host": "elsewhere"})
    with_another_bit(run, 0)
    found = export(run, "script", own_folders / "out")
    assert 0 < found.difference < 1e-6
    assert "rounded otherwise" in str(found.comparison.said)
    with_another_bit(run, 20)
    with pytest.raises(UserError, match="does not give the losses of the run"):
        export(run, "script", own_folders / "again")


@pytest.mark.slow
def test_where_the_device_of_the_run_is_not_its_losses_are_not_compared(own_folders: Path):
    run, _ = trained(own_folders / "runs", "training.steps=2")
    recipe = run.recipe.read_text("utf-8").replace('device = "cpu"', 'device = "cuda:3"')
    run.recipe.write_text(recipe, encoding="utf-8")
    found = export(run, "script", own_folders / "out")
    assert found.to_plain()["difference"] == "nan"
    assert "The run computed on cuda:3, which is not here" in str(found.comparison.said)
    assert "| not compared |" in (own_folders / "out" / "README.md").read_text("utf-8")
    assert (
        'torch.device("cuda" if torch.cuda.is_available() else "cpu")' in (own_folders / "out" / "train.py").read_text()
    )
