"""Several processes train one run: as one would, whatever dies, stops or waits, and in whatever number it goes on."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import psutil
import pytest
import torch

from tests.pairs import Pair, pairs
from tests.training.ranks import DerivedFromTheText
from tests.training.runs import Seen, make_run
from workbench.architectures import architectures
from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.events import (
    Answered,
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    Started,
    StepsDone,
    Stopped,
    Warned,
)
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader, whole_history
from workbench.data import open_data
from workbench.data.dataset import Split
from workbench.data.preprocessing import fit
from workbench.inference import feeding
from workbench.inference.feeding import feed
from workbench.inference.order import portions
from workbench.recipe import recipe_from
from workbench.tasks import masked_token, tasks
from workbench.training import accompanying, distributed
from workbench.training.checkpoint import load_checkpoint
from workbench.training.distributed import ALONE, LOST, Group, Lost, Pace
from workbench.training.launching import processes_wanted, torchrun
from workbench.training.worker import train_run

ROOT = Path(__file__).parents[2]
PLAIN = ("training.threads=1", "training.precision=float32", "training.device=cpu")
MLP: dict[str, Any] = {"kind": "mlp", "hidden": [32, 16]}


def in_processes(count: int, *arguments: str) -> None:
    """Train run folders in so many processes, one run after the other."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    done = subprocess.run(
        [*command, "-m", "--", "tests.training.ranks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def curves(folder: RunFolder) -> dict[str, tuple[list[int], list[float]]]:
    scalars = whole_history(folder)[0].scalars
    own = ("memory", "samples_per_second")
    return {name: (steps.tolist(), values.tolist()) for name, (steps, values) in scalars.items() if name not in own}


def same_curves(first: RunFolder, second: RunFolder, within: float = 1e-5) -> None:
    one, other = curves(first), curves(second)
    assert one.keys() == other.keys()
    assert one["training_loss"][0] == list(range(1, len(one["training_loss"][0]) + 1))
    for name, (steps, values) in one.items():
        assert steps == other[name][0], (second.name, name)
        np.testing.assert_allclose(other[name][1], values, rtol=within, atol=within, err_msg=f"{second.name} {name}")


# Quick ones


def test_the_parts_of_all_processes_are_the_batch_also_where_some_get_nothing() -> None:
    order = torch.randperm(23)
    for size in (1, 2, 4):
        whole = portions(order, 10)
        parts = [portions(order, 10, (rank, size)) for rank in range(size)]
        for number, batch in enumerate(whole):
            assert torch.equal(torch.cat([part[number] for part in parts]), batch)
    assert [len(portions(order, 10, (rank, 4))[-1]) for rank in range(4)] == [1, 1, 1, 0]


def test_one_process_alone_asks_nobody() -> None:
    assert ALONE.agreed(3) == 3
    assert ALONE.first(lambda: 4) == 4
    assert ALONE.in_turns(lambda: 5) == 5
    numbers = torch.ones(2)
    assert ALONE.total(numbers) is numbers
    assert ALONE.summed({"loss": numbers}, 7) == ({"loss": numbers}, 7)
    with pytest.raises(UserError, match="not at all"):
        ALONE.first(_refuse)


def _refuse() -> None:
    raise UserError("not at all")


def test_the_pace_follows_the_clock_and_never_more_than_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(distributed.time, "monotonic", lambda: now)
    pace, waited = Pace(), []
    for _ in range(9):
        steps = 1
        while not pace.is_due():
            steps += 1
        waited.append(steps)
        now += steps * 0.01
        pace.meet_after(pace.proposed())
    assert waited[:5] == [1, 2, 4, 8, 16]
    assert set(waited[5:]) <= {24, 25}


def test_the_count_of_processes_is_what_the_recipe_says_unless_this_is_one_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wanted(count: int | str) -> int:
        plain = {"data": {"kind": "samples"}, "training": {"device": "cpu", "processes": {"count": count}}}
        return processes_wanted(recipe_from(plain).training)

    assert wanted(3) == 3
    assert wanted("all") == 1  # a CPU is one device
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")
    assert wanted(3) == 1


@pytest.mark.parametrize(
    ("assignments", "words"),
    [
        (["training.runs_in=worker thread"], "thread of the window"),
        (["training.device=cuda:1"], "one GPU each"),
        (["training.batch_size=1"], "share a batch"),
        (["training.processes.sharding=weights", "training.ema=0.9"], "Averaged"),
        (["training.processes.sharding=weights", "training.precision=float16"], "float16"),
        (["training.processes.sharding=weights", "training.optimizer.kind=muon"], "Muon"),
    ],
)
def test_what_several_processes_cannot_do_is_refused(assignments: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        recipe_from({"data": {"kind": "samples"}}, ["training.processes.count=2", *assignments])


def test_a_lost_process_is_a_warning_as_long_as_all_begin_again() -> None:
    gone = Failed(7, Lost(LOST).to_plain())
    other = Failed(7, UserError("something else").to_plain())
    again = Group(0, 2, restarts=1)
    (told,) = accompanying.softened([gone], again)
    assert isinstance(told, Warned)
    assert "step 7" in str(told.message)
    assert list(accompanying.softened([gone], Group(0, 2))) == [gone]
    assert list(accompanying.softened([other], again)) == [other]


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "chosen_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="want a GPU each"):
        Group(1, 2, 1, 2).device("cuda")


def test_nobody_shares_a_run_without_a_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    from workbench.cli import main

    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")
    assert main(["train", "recipe.toml"]) == 1
    assert "--run FOLDER" in capsys.readouterr().err


# As one process


def _without_chance(pair: Pair) -> dict[str, Any]:
    """Return the architecture without what processes draw for themselves, or see of a part of a batch alone."""
    fields = architectures[pair.kind].settings.model_fields
    calm: dict[str, Any] = {"dropout": 0.0, "noise": 0.0, "next_sentence": False}
    if "normalization" in fields and "batch" in get_args(fields["normalization"].annotation):
        calm["normalization"] = "none"
    return {**pair.architecture(), **{name: value for name, value in calm.items() if name in fields}}


_OF_BATCHES = {"resnet", "whitened_convnet"}  # normalize over batches, of which a process on the CPU sees its part


@pytest.mark.slow
@pytest.mark.parametrize(("count", "kinds"), [(2, None), (4, ("mlp", "transformer", "gpt"))])
def test_processes_learn_as_one_does_every_architecture_and_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, kinds: Sequence[str] | None
) -> None:
    monkeypatch.setattr(masked_token, "_Drawn", DerivedFromTheText)
    chosen = [pair for pair in pairs() if pair.kind not in _OF_BATCHES and (kinds is None or pair.kind in kinds)]
    couples = []
    for pair in chosen:
        settings = {"data": pair.data(), "architecture": _without_chance(pair)}
        training = ("training.steps=6", "training.batch_size=30", "training.optimizer.kind=sgd", *PLAIN)
        one, many = (make_run(tmp_path / place / pair.name(), *training, **settings) for place in ("one", "many"))
        assert isinstance(train_run(one), Finished)
        couples.append((one, many))
    in_processes(count, *(str(many.path) for _, many in couples))
    for one, many in couples:
        same_curves(one, many)


SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"architecture": MLP},
    "transformer": {
        "data": {"kind": "samples", "name": "reviews"},
        "architecture": {"kind": "transformer", "width": 16, "layers": 2, "heads": 2, "dropout": 0.0, "length": 32},
    },
    "gpt": {
        "data": {"kind": "samples", "name": "reviews", "task": "next_token"},
        "architecture": {"kind": "gpt", "tokens": "character", "context": 32, "layers": 2, "heads": 2, "width": 16},
    },
}


@pytest.mark.slow
def test_weights_in_parts_are_learned_as_whole_ones_and_kept_as_whole_ones(tmp_path: Path) -> None:
    couples = []
    for name, settings in SMALL.items():
        training = ("training.steps=20", "training.batch_size=30", "training.gradient_clip=0.5", *PLAIN)
        one, many = (make_run(tmp_path / place / name, *training, **settings) for place in ("one", "many"))
        asked = many.asked.read_text().replace('sharding = "none"', 'sharding = "weights"')
        many.asked.write_text(asked)
        assert isinstance(train_run(one), Finished)
        couples.append((one, many))
    in_processes(2, *(str(many.path) for _, many in couples))
    for one, many in couples:
        same_curves(one, many)
        first, second = (load_checkpoint(run.newest_checkpoints()[0]) for run in (one, many))
        assert {name: value.shape for name, value in first.weights.items()} == {
            name: value.shape for name, value in second.weights.items()
        }
        for name, value in first.weights.items():
            torch.testing.assert_close(second.weights[name], value, rtol=1e-4, atol=1e-5)
        again = train_run(many, ["training.steps=30", "training.processes.sharding=none"])  # in one process
        assert isinstance(again, Finished)
        assert again.step == 30
        assert isinstance(train_run(one, ["training.steps=30"]), Finished)
        same_curves(one, many, within=1e-4)


@pytest.mark.slow
def test_accumulation_lengths_classes_and_data_that_do_not_fit_are_shared_as_well(tmp_path: Path) -> None:
    cases: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "accumulation": (("training.accumulation=3", "training.batch_size=7"), {"architecture": MLP}),
        "class-weights": (("training.class_weights=balanced", "training.label_smoothing=0.1"), {"architecture": MLP}),
        "lengths": (("training.group_lengths=true", "training.batch_size=33"), SMALL["transformer"]),
        "average": (("training.ema=0.9", "training.schedule.kind=reduce_on_plateau"), {"architecture": MLP}),
        "whole": (("training.batch_size=all", "training.patience=1"), {"architecture": MLP}),
    }
    couples = []
    for name, (assignments, settings) in cases.items():
        training = ("training.epochs=3", "training.batch_size=31", *PLAIN, *assignments)
        one, many = (make_run(tmp_path / place / name, *training, **settings) for place in ("one", "many"))
        assert isinstance(train_run(one), Finished)
        couples.append((one, many))
    in_processes(2, "--from-files", *(str(many.path) for _, many in couples))
    for one, many in couples:
        same_curves(one, many)


def test_of_data_that_do_not_fit_a_process_reads_its_own_part_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_data({"kind": "samples", "name": "digits"})
    monkeypatch.setattr(feeding, "_SHARE", 0.0)
    samples = feed(dataset.training, fit(dataset), tasks["classification"], torch.device("cpu"), share=(1, 4))
    read: list[int] = []
    rows = Split.rows

    def noted(split: Split, *wanted: Any) -> np.ndarray:
        read.extend(wanted[0].tolist())
        return rows(split, *wanted)

    monkeypatch.setattr(Split, "rows", noted)
    order = samples.order(0, 0)
    got = sum(len(inputs) for inputs, _ in samples.batches(order, 40))
    own = torch.cat([part.tensor_split(4)[1] for part in portions(order, 40)]).tolist()
    assert read == own
    assert got == len(own) == pytest.approx(len(order) / 4, abs=40)


# What happens to processes


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_lets_all_go_on_from_the_last_checkpoint(tmp_path: Path, victim: int) -> None:
    settings = ("training.epochs=240", "training.checkpoint_seconds=1", *PLAIN)
    one, many = (make_run(tmp_path / place, *settings, architecture=MLP) for place in ("one", "many"))
    assert isinstance(train_run(one), Finished)
    killed: list[int] = []

    def kill(event: object) -> None:
        (agent,) = (child for child in psutil.Process().children() if "torch.distributed.run" in child.cmdline())
        ranks = {int(child.environ()["RANK"]): child for child in agent.children() if "RANK" in child.environ()}
        killed.append(ranks[victim].pid)
        ranks[victim].kill()

    seen = Seen(CheckpointSaved, kill)
    ending = train_run(many, ["training.processes.count=2"], seen)
    assert isinstance(ending, Finished)
    assert killed
    assert many.attempts() == [1, 2]
    starts = seen.of(Started)
    assert len(starts) == 2
    assert starts[1].step > 0
    assert starts[1].parent
    assert "2" in starts[0].device
    warned = [event for event in seen.of(Warned) if "lost" in str(event.message)]
    assert len(warned) == (1 if victim else 0)  # a killed first process says nothing
    assert not seen.of(Failed)
    same_curves(one, many)
    assert sorted(path.name for path in many.attempt(2).glob("*.log")) == ["rank-1.log"]
    assert not run_lock.is_held(many.lock)


@pytest.mark.slow
def test_stop_pause_and_another_number_of_processes(tmp_path: Path) -> None:
    settings = ("training.epochs=4", "training.processes.restarts=0", *PLAIN)
    one, many = (make_run(tmp_path / place, *settings, architecture=MLP) for place in ("one", "many"))
    assert isinstance(train_run(one), Finished)
    states: list[str] = []

    def obey(event: object) -> None:
        if isinstance(event, StepsDone) and not states:
            many.write_wish("pause")
        if isinstance(event, Answered):
            states.append(event.state)
            many.write_wish("run" if event.state == "paused" else "stop")

    assert isinstance(train_run(many, ["training.epochs=400", "training.processes.count=2"], obey), Stopped)
    assert states[:2] == ["paused", "running"]
    assert states[-1] == "stopping"
    stopped_at = whole_history(many)[0].events[-1]
    assert isinstance(stopped_at, Stopped)
    epochs = stopped_at.epoch + 2
    assert isinstance(train_run(many, [f"training.epochs={epochs}", "training.processes.count=4"]), Finished)
    assert isinstance(train_run(many, [f"training.epochs={epochs + 1}", "training.processes.count=1"]), Finished)
    steps = curves(many)["training_loss"][0]
    assert steps == list(range(1, len(steps) + 1))
    done = [event.epoch for event in whole_history(many)[0].events if isinstance(event, EpochDone)]
    assert done == list(range(1, epochs + 2))


@pytest.mark.slow
def test_what_cannot_be_trained_is_said_once_and_not_tried_again(tmp_path: Path) -> None:
    wild = ("training.optimizer.kind=sgd", "training.optimizer.learning_rate=100.0", "training.epochs=100")
    data, architecture = {"kind": "samples", "name": "diabetes"}, {"kind": "linear"}
    folder = make_run(tmp_path, *wild, *PLAIN, data=data, architecture=architecture)
    ending = train_run(folder, ["training.processes.count=2"])
    assert isinstance(ending, Failed)
    assert ending.diverged
    assert folder.attempts() == [1]
    assert RunReader(folder).read().events[-1] == ending


@pytest.mark.slow
def test_the_command_under_torchrun_makes_the_run_and_prints_once(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[data]\nkind = "samples"\nname = "digits"\n[architecture]\nkind = "softmax"\n')
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    line = ["workbench", "train", str(recipe), "--run", str(tmp_path / "run"), "--set", "training.epochs=1", "--json"]
    for outcome in ("finished", "finished"):  # the very same line goes on with the run, which has nothing to do
        done = subprocess.run([*command, *line], cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        (printed,) = done.stdout.strip().splitlines()
        assert json.loads(printed)["outcome"] == outcome
    assert (tmp_path / "run" / "attempts" / "001" / "rank-1.log").is_file()


def test_the_processes_of_this_machine_are_started_at_no_fixed_port(tmp_path: Path) -> None:
    command = torchrun(RunFolder(tmp_path), ["training.epochs=3"], 2, 5)
    assert "--standalone" in command
    assert command[command.index("--max-restarts") + 1] == "5"
    assert command[command.index("--") :][1:5] == ["workbench", "train", "--run", str(tmp_path)]
    assert command[-3:] == ["--set", "training.epochs=3", "--json"]
