"""The gradients of single samples: every architecture trains privately, or says why it cannot."""

import pytest
import torch
from torch import Tensor, nn

from tests.architectures.test_architectures import CASES, EXAMPLES, FIRST, OUTPUTS, example, outputs_for
from workbench.architectures import architectures, build
from workbench.hyperparameters import Training
from workbench.hyperparameters.private_limits import unprivate
from workbench.tasks import Task, tasks
from workbench.training.private import refuse_batch_norm
from workbench.training.private_gradients import SampleGradients

PRIVATE = Training.model_validate({"privacy": {"on": True}})
REFUSED = {"whitened_convnet": "without noise"}  # and what is said


def goals_for(kind: str, task: str, inputs: Tensor) -> tuple[Task, Tensor]:
    """Return the task bound to a run, and something to compare with the outputs for such inputs."""
    bound, random = tasks[task].bound({"loss": "auto"}), torch.Generator().manual_seed(2)
    if task in ("next_token", "masked_token"):
        return bound, torch.where(torch.rand(inputs.shape, generator=random) < 0.5, inputs, -100)
    if task == "classification":
        return bound, torch.randint(0, OUTPUTS, (len(inputs),), generator=random)
    if task == "forecasting":
        bound = bound.bound(
            {"loss": "auto", "names": ["value"], "mean": [0.0], "std": [1.0], "spread": [1.0], "changes": False}
        )
        return bound, torch.rand((len(inputs), 1 + OUTPUTS), generator=random)
    if task == "reconstruction":
        return bound, inputs
    return bound, torch.rand((len(inputs), OUTPUTS), generator=random).round()


def quiet(network: nn.Module) -> None:
    """Let nothing in a network be left to chance, so that samples can be computed again."""
    for layer in network.modules():
        for name in ("p", "dropout"):
            if isinstance(getattr(layer, name, None), float):
                vars(layer)[name] = 0.0


@pytest.mark.parametrize(
    ("kind", "inputs", "task"),
    [case if case in FIRST else pytest.param(*case, marks=pytest.mark.slow) for case in CASES],
)
def test_each_gradient_is_that_of_the_sample_alone_or_it_is_refused(kind: str, inputs: str, task: str) -> None:
    entry = architectures[kind]
    settings = entry.settings.model_validate(dict(entry.tiny))
    for error in unprivate(PRIVATE, settings, None):
        if error.mend is None:
            assert REFUSED[kind] in str(error)
            return
        changed = {name.removeprefix("architecture."): value for name, value in error.mend.settings.items()}
        settings = settings.model_copy(update=changed)
    assert not list(unprivate(PRIVATE, settings, None))
    torch.manual_seed(0)
    network = build(settings, EXAMPLES[inputs], outputs_for(EXAMPLES[inputs], task), task).train()
    refuse_batch_norm(network)
    quiet(network)
    batch = example(EXAMPLES[inputs])
    bound, goals = goals_for(kind, task, batch)
    found, outputs, losses, counts = SampleGradients(network, bound, 1.0).of(batch, goals)
    for row in range(len(batch)):
        network.zero_grad()
        alone = network(batch[row : row + 1])
        loss = bound.loss(alone, goals[row : row + 1], reduction="sum")
        torch.testing.assert_close(outputs[row], alone[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(losses[row], loss, rtol=1e-4, atol=1e-5)
        (loss / counts[row]).backward()
        for name, weight in network.named_parameters():
            assert weight.grad is not None
            torch.testing.assert_close(found[name][row], weight.grad, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("cell", ["plain", "gru", "lstm"])
def test_a_recurrent_network_reads_both_ways(cell: str) -> None:
    settings = architectures["rnn"].settings.model_validate(
        {"cell": cell, "hidden": 8, "embedding": 6, "layers": 2, "bidirectional": True}
    )
    torch.manual_seed(0)
    network = build(settings, EXAMPLES["text"], OUTPUTS, "classification").train()
    batch = example(EXAMPLES["text"])
    batch[1, 12:] = 0
    goals = torch.tensor([0, 1, 2])
    found = SampleGradients(network, tasks["classification"], 1.0).of(batch, goals)[0]
    for row in range(3):
        network.zero_grad()
        tasks["classification"].loss(network(batch[row : row + 1]), goals[row : row + 1]).backward()
        for name, weight in network.named_parameters():
            assert weight.grad is not None
            torch.testing.assert_close(found[name][row], weight.grad, rtol=1e-3, atol=1e-6, msg=name)
