"""Private training: what it spends is what opacus says, it ends at its budget, and it can be gone on with exactly."""

from pathlib import Path
from typing import Any

import pytest
import torch
from opacus.accountants import PRVAccountant, RDPAccountant
from opacus.optimizers import DPOptimizer
from torch import nn

from tests.pairs import Pair, pairs
from tests.training.runs import Seen, make_run, small_recipe, trained
from workbench.core.errors import UserError
from workbench.core.events import EpochDone, Failed, Finished, StepsDone
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.inference.model_folder import model_of, read_description
from workbench.recipe import read_recipe, recipe_from
from workbench.tasks import tasks
from workbench.training import ledger
from workbench.training.budget import Budget, refuse_overspent
from workbench.training.checkpoint import Position, newest_sound
from workbench.training.forking import fork
from workbench.training.graphs import Ready
from workbench.training.private import refuse_batch_norm
from workbench.training.private_gradients import SampleGradients
from workbench.training.setup import set_up
from workbench.training.stepping import take_step
from workbench.training.sums import Sums
from workbench.training.verifying import fingerprint, verify_resume
from workbench.training.worker import recipe_of, train_run

ON = "training.privacy.on=true"
QUICK = "training.privacy.accountant=rdp"
GIVEN = (ON, QUICK, "training.privacy.noise=1.5", "training.privacy.epsilon=50")
WHOLE = (QUICK, 'training.batch_size="all"')  # of which ε is known at once
SHARE = 32 / 179  # of the samples of a small run that a step draws


def history_of(folder: RunFolder) -> dict[str, Any]:
    return dict(whole_history(folder)[0].scalars)


def test_what_is_spent_is_what_the_accountant_of_opacus_says(tmp_path: Path) -> None:
    seen = Seen()
    folder = make_run(tmp_path, ON, "training.privacy.noise=1.2", "training.epochs=2")
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    privacy: Any = read_recipe(folder.recipe).training.privacy
    opacus = PRVAccountant()
    for _ in range(ending.step):
        opacus.step(noise_multiplier=privacy.noise, sample_rate=SHARE)
    assert ending.metrics["epsilon"] == opacus.get_epsilon(privacy.delta)
    assert ending.metrics["delta"] == privacy.delta == pytest.approx(0.1 / 179)
    assert 0 < ending.metrics["epsilon"] <= 8
    assert not ending.reason.template
    assert seen.of(EpochDone)[-1].metrics["epsilon"] == ending.metrics["epsilon"]
    steps, values = history_of(folder)["epsilon"]
    assert steps.tolist() == sorted(set(steps.tolist()))
    assert values[-1] == pytest.approx(ending.metrics["epsilon"])
    assert (values[1:] > values[:-1]).all()
    assert read_description(model_of(folder))["privacy"]["epsilon"] == 8


def test_training_ends_before_the_budget_is_exceeded(tmp_path: Path) -> None:
    wanted = (ON, *WHOLE, "training.privacy.noise=3", "training.privacy.epsilon=3", "training.epochs=20")
    folder, ending = trained(tmp_path, *wanted)
    assert isinstance(ending, Finished)
    assert str(ending.reason) == "The privacy budget of ε 3 is spent."
    opacus = RDPAccountant()
    opacus.history = [(3.0, 1.0, ending.step)]
    assert ending.metrics["epsilon"] == opacus.get_epsilon(0.1 / 179) <= 3
    opacus.history = [(3.0, 1.0, ending.step + 1)]
    assert opacus.get_epsilon(0.1 / 179) > 3
    more = train_run(folder, ["training.epochs=30"])
    assert isinstance(more, Finished)
    assert (more.step, str(more.reason)) == (ending.step, str(ending.reason))
    allowed = train_run(folder, ["training.privacy.epsilon=4"])
    assert isinstance(allowed, Finished)
    assert allowed.step > ending.step
    assert 3 < allowed.metrics["epsilon"] <= 4


def test_more_epochs_keep_the_noise_and_end_at_the_budget(tmp_path: Path) -> None:
    folder, first = trained(tmp_path, ON, *WHOLE, "training.privacy.epsilon=4", "training.epochs=4")
    noise = read_recipe(folder.recipe).training.privacy.noise
    assert isinstance(first, Finished)
    assert 3.9 < first.metrics["epsilon"] <= 4
    assert not first.reason.template
    ending = train_run(folder, ["training.epochs=9"])
    assert isinstance(ending, Finished)
    assert read_recipe(folder.recipe).training.privacy.noise == noise
    assert ending.metrics["epsilon"] <= 4
    assert "is spent" in str(ending.reason)


def test_a_run_that_was_stopped_goes_on_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = (*GIVEN, "training.privacy.chance=seed", "training.accumulation=2", "training.batch_size=8")
    whole, ending = trained(tmp_path / "whole", *parts)
    assert isinstance(ending, Finished)
    folder = make_run(tmp_path / "parted", *parts)

    monkeypatch.setattr(ledger, "_SECONDS", 0.0)  # wishes are heard at every step
    train_run(folder, on_event=Seen(StepsDone, lambda event: folder.write_wish("stop"), after=7))
    loaded = newest_sound(folder)[0]
    assert loaded
    assert 0 < loaded.position.step < ending.step
    again = train_run(folder)
    assert isinstance(again, Finished)
    assert again.metrics["epsilon"] == ending.metrics["epsilon"]
    both = [newest_sound(each)[0] for each in (whole, folder)]
    assert both[0]
    assert both[1]
    assert fingerprint(both[0]) == fingerprint(both[1])
    assert history_of(whole)["training_loss"][1].tolist() == history_of(folder)["training_loss"][1].tolist()


def test_the_key_is_secret_and_stays_with_the_checkpoints(tmp_path: Path) -> None:
    one, two = (trained(tmp_path / name, *GIVEN)[0] for name in ("one", "two"))
    loaded = [newest_sound(each)[0] for each in (one, two)]
    assert loaded[0]
    assert loaded[1]
    assert fingerprint(loaded[0]) != fingerprint(loaded[1])
    keys = [each.extra["private"]["key"] for each in loaded if each]
    assert len(set(keys)) == 2
    for file in one.path.rglob("*"):
        if file.is_file() and one.checkpoints not in file.parents:
            assert keys[0].encode() not in file.read_bytes(), file
    assert verify_resume(one, steps=3).identical


def test_batches_are_drawn_sample_by_sample(tmp_path: Path) -> None:
    recipe = recipe_from(small_recipe(), [*GIVEN, "training.batch_size=2"])
    trainee = set_up(recipe, lambda event: None)
    assert trainee.private
    sizes = [len(rows) for epoch in range(40) for rows in trainee.private.drawn(epoch, trainee.steps_per_epoch())]
    assert 0 in sizes
    assert max(sizes) > 4
    assert sum(sizes) / len(sizes) == pytest.approx(2, abs=0.1)
    batches = list(trainee.epoch(0))
    assert [len(inputs) for inputs, _ in batches] == sizes[: len(batches)]
    assert [len(inputs) for inputs, _ in trainee.epoch(0, 5)] == sizes[5 : len(batches)]
    every = recipe_from(small_recipe(), [*GIVEN, 'training.batch_size="all"'])
    (inputs, _), *rest = set_up(every, lambda event: None).epoch(0)
    assert len(inputs) == 179
    assert not rest


def test_steps_that_draw_nobody_are_taken_with_noise_alone(tmp_path: Path) -> None:
    _, ending = trained(tmp_path, *GIVEN, "training.batch_size=1", "training.steps=12")
    assert isinstance(ending, Finished)
    assert ending.step == 12


def sample_network() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
    return network, torch.randn(6, 5), torch.arange(6) % 3


@pytest.mark.parametrize("pieces", [1, 4])
def test_the_gradient_is_that_of_the_optimizer_of_opacus(pieces: int) -> None:
    network, inputs, goals = sample_network()
    own = SampleGradients(network, tasks["classification"], 0.05)
    found = own.of(inputs, goals)[0]
    counted: list[int] = []
    ready = Ready(inputs, goals, goals, True)
    loss = own.add([ready], pieces, lambda *told, is_plain: counted.append(int(told[3])))
    own.finish(1.3, 7.0, torch.Generator().manual_seed(3))
    mine = [weight.grad.clone() for weight in network.parameters() if weight.grad is not None]
    assert sum(counted) == 6
    torch.testing.assert_close(loss, nn.functional.cross_entropy(network(inputs), goals))

    optimizer = DPOptimizer(
        torch.optim.SGD(network.parameters(), lr=0.1),
        noise_multiplier=1.3,
        max_grad_norm=0.05,
        expected_batch_size=7,
        generator=torch.Generator().manual_seed(3),
    )
    for (name, weight), gradient in zip(network.named_parameters(), mine, strict=True):
        weight.grad_sample = found[name]  # type: ignore[attr-defined]
        weight.grad = gradient * 0
    optimizer.pre_step()
    for weight, gradient in zip(network.parameters(), mine, strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(gradient, weight.grad, rtol=1e-5, atol=1e-7)


def test_no_sample_counts_for_more_than_the_largest_gradient() -> None:
    network, inputs, goals = sample_network()
    own = SampleGradients(network, tasks["classification"], 0.01)
    for row in range(6):
        network.zero_grad(set_to_none=True)
        one = slice(row, row + 1)
        own.add([Ready(inputs[one] * 1000, goals[one], goals[one], True)], 1, lambda *told, is_plain: None)
        norm = torch.stack([weight.grad.norm() for weight in network.parameters() if weight.grad is not None]).norm()
        assert norm <= 0.01 * (1 + 1e-5)


def test_memory_that_is_short_and_channels_last_change_nothing(tmp_path: Path) -> None:
    recipe = recipe_from(small_recipe(), [*GIVEN, "training.privacy.chance=seed"])
    plain, other = (set_up(recipe, lambda event: None) for _ in range(2))
    other.pieces = 3
    other.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for trainee in (plain, other):
        sums = Sums(trainee.task, Position(), trainee.device)
        for step, batch in enumerate(trainee.epoch(0)):
            take_step(trainee, [batch], step, 20, sums)
    for name, tensor in plain.network.state_dict().items():
        torch.testing.assert_close(tensor, other.network.state_dict()[name], rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.parametrize(
    ("assignments", "said"),
    [
        (["architecture.normalization=batch"], "Batch normalization lets every sample"),
        (["training.teacher=some"], "teacher"),
        (["training.class_weights=balanced"], "Class weights are counted"),
        (["training.precision=bfloat16"], "computes in float32"),
        (["training.compile=on"], "cannot be compiled"),
        (["training.cuda_graphs=on"], "cannot be recorded"),
        (["training.group_lengths=true"], "grouped by length"),
        (["data.augmentation.mixup=0.2"], "blend samples"),
    ],
)
def test_what_does_not_go_together_is_said(assignments: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        recipe_from(small_recipe(), [ON, *assignments])
    recipe_from(small_recipe(), assignments)


def test_batch_norm_is_replaced_at_a_click(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        recipe_from(small_recipe(), [ON, "architecture.normalization=batch"])
    mend = UserError.from_plain(caught.value.to_plain()).mend
    assert mend
    assert mend.title == "Replace by group norm"
    changes = [f"{name}={value}" for name, value in mend.settings.items()]
    _, ending = trained(tmp_path, *GIVEN, "architecture.normalization=batch", *changes)
    assert isinstance(ending, Finished)


def test_layers_that_mix_samples_are_named() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)))
    with pytest.raises(UserError, match=r"1 \(BatchNorm2d\), 2\.1 \(BatchNorm1d\)"):
        refuse_batch_norm(network)
    refuse_batch_norm(nn.Sequential(nn.GroupNorm(1, 4), nn.InstanceNorm2d(4), nn.LayerNorm(4)))


def test_a_budget_that_not_one_step_keeps_is_refused(tmp_path: Path) -> None:
    _, ending = trained(tmp_path, ON, QUICK, "training.privacy.noise=0.3", "training.privacy.epsilon=0.5")
    assert isinstance(ending, Failed)
    assert "first step already spends more" in ending.error["message"]


def test_a_budget_that_only_endless_noise_keeps_is_refused_in_words(tmp_path: Path) -> None:
    _, ending = trained(tmp_path, ON, QUICK, "training.privacy.epsilon=0.01")
    assert isinstance(ending, Failed)
    assert "ε 0.01 is too small for 18 steps with 179 samples" in str(UserError.from_plain(dict(ending.error)))


def test_a_budget_below_what_is_spent_is_refused(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, *GIVEN)
    assert isinstance(ending, Finished)
    less, spent = ["training.privacy.epsilon=1"], ending.metrics["epsilon"]
    assert spent > 1
    with pytest.raises(UserError, match=r"spent ε .* already") as refused:
        recipe_of(folder, less)
    assert "budget of ε 1." in str(refused.value)
    recipe_of(folder, [f"training.privacy.epsilon={spent}"])


def test_the_budget_goes_on_where_it_was() -> None:
    first = Budget(9.0, 1e-4, 8.0, 1.0, "rdp")
    left = first.steps_left(10_000)
    for _ in range(7):
        first.count()
    second = Budget(9.0, 1e-4, 8.0, 1.0, "rdp")
    second.restore(first.state())
    assert second.spent() == first.spent() > 0
    assert second.steps_left(10_000) == first.steps_left(10_000) == left - 7
    assert second.steps_left(3) == 3
    with pytest.raises(UserError, match="nothing more can be trained"):
        refuse_overspent(second.spent(), 0.1)


@pytest.mark.slow
def test_digits_are_learned_at_epsilon_8(tmp_path: Path) -> None:
    data = {"kind": "samples", "name": "digits"}
    optimizer = {"kind": "sgd", "learning_rate": 0.5, "momentum": 0.9}
    training = {"epochs": 30, "batch_size": 512, "optimizer": optimizer, "device": "cpu"}
    changes = (ON, QUICK, "training.privacy.clip=0.5", "training.privacy.chance=seed")
    folder = make_run(tmp_path, *changes, data=data, architecture={"kind": "convnet"}, training=training)
    ending = train_run(folder)
    assert isinstance(ending, Finished)
    assert ending.metrics["epsilon"] <= 8
    assert ending.metrics["test_accuracy"] > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("pair", pairs(), ids=Pair.name)
def test_every_architecture_trains_privately_on_every_sample_or_says_why(tmp_path: Path, pair: Pair) -> None:
    training = {"steps": 2, "batch_size": 8, "device": "cpu", "privacy": {"on": True, "noise": 1.0, "epsilon": 100}}
    plain = {"data": pair.data(), "architecture": pair.architecture(), "training": training}
    try:
        recipe_from(plain)
    except UserError as error:
        if error.mend is None:
            assert pair.kind == "whitened_convnet"
            return
        plain["architecture"]["normalization"] = error.mend.settings["architecture.normalization"]
    folder = make_run(tmp_path, **plain)
    ending = train_run(folder)
    assert isinstance(ending, Finished), ending
    assert ending.metrics["epsilon"] > 0


@pytest.mark.parametrize("chance", ["secret", "seed"])
def test_a_fork_has_noise_of_its_own(tmp_path: Path, chance: str) -> None:
    folder, _ = trained(tmp_path, *GIVEN, f"training.privacy.chance={chance}", "training.epochs=1")
    made = fork(folder, ["training.epochs=2"])
    (before, _), (after, _) = newest_sound(folder), newest_sound(made)
    assert before is not None
    assert after is not None
    assert before.extra["private"]["key"] != after.extra["private"]["key"]
    assert before.extra["private"]["spent"] == after.extra["private"]["spent"]


def test_a_model_tells_nothing_that_was_measured_on_its_training_samples(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, *GIVEN, "training.epochs=1")
    told = read_description(model_of(folder))["metrics"]
    assert "validation_loss" in told
    assert not [name for name in told if name.startswith("training_")]
