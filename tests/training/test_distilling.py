"""A network that learns from another one, beside the labels."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from tests.training.runs import FEW_DIGITS, trained
from workbench.core import passphrases
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished
from workbench.core.locked_run import encrypt_run
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.data.preprocessing import ImagePreprocessing
from workbench.recipe import recipe_from
from workbench.training.distilling import Teacher
from workbench.training.verifying import verify_resume

SMALLER = {"kind": "mlp", "hidden": [32]}
LONG = ("training.epochs=20", "training.optimizer.learning_rate=0.02")
SEEN = ImagePreprocessing(1, 4, 4, (0.5,), (0.25,))


def teacher(own: ImagePreprocessing = SEEN, share: float = 0.7, temperature: float = 3.0) -> Teacher:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 5)).requires_grad_(False)
    return Teacher(network, own, SEEN, share, temperature)


def test_the_loss_is_that_of_the_paper():
    made = teacher()
    inputs, outputs = torch.randn(6, 1, 4, 4), torch.randn(6, 5, requires_grad=True)
    targets = torch.arange(6) % 5
    loss = cross_entropy(outputs, targets, reduction="sum")
    said = log_softmax(made.network(inputs) / 3.0, dim=1)
    divergence = kl_div(log_softmax(outputs / 3.0, dim=1), said, reduction="sum", log_target=True)
    torch.testing.assert_close(made.mixed(loss, outputs, inputs), 0.3 * loss + 0.7 * 9.0 * divergence)


def test_a_teacher_that_was_used_to_other_brightness_sees_the_same_picture():
    own = ImagePreprocessing(1, 4, 4, (0.3,), (0.5,))
    pixels = torch.randint(0, 256, (3, 4, 4, 1), dtype=torch.uint8)
    torch.testing.assert_close(teacher(own)._as_taught(SEEN.tensor(pixels)), own.tensor(pixels))


def test_one_that_says_what_the_network_says_adds_nothing():
    made = teacher(share=1.0)
    inputs = torch.randn(4, 1, 4, 4)
    outputs = made.network(inputs).requires_grad_()
    mixed = made.mixed(torch.tensor(123.0), outputs, inputs)
    mixed.backward()
    assert mixed.item() == pytest.approx(0, abs=1e-6)
    assert outputs.grad is not None
    assert outputs.grad.abs().max() < 1e-6


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("teacher"), *LONG, architecture=SMALLER)[0]


def test_a_run_learns_from_another_one_and_goes_on_to_the_last_bit(taught: RunFolder, tmp_path: Path):
    choice = (f"training.teacher={taught.path}", "training.teacher_share=1.0", *LONG)
    folder, ending = trained(tmp_path, *choice, architecture=SMALLER)
    assert isinstance(ending, Finished)
    assert ending.metrics["training_accuracy"] > 0.5, "the labels alone had no share in the loss"
    verified: Any = verify_resume(folder, lambda *_: None, 4)
    assert verified.identical


def test_by_its_name_among_the_runs(taught: RunFolder):
    _, ending = trained(taught.path.parent, f"training.teacher={taught.name}", architecture=SMALLER)
    assert isinstance(ending, Finished)


@pytest.mark.parametrize(
    ("data", "match"),
    [({**FEW_DIGITS, "size": "28"}, "in another form"), ({"kind": "samples", "name": "iris"}, "other classes")],
)
def test_one_that_cannot_teach_this_is_refused(taught: RunFolder, tmp_path: Path, data: dict[str, Any], match: str):
    folder, ending = trained(tmp_path, f"training.teacher={taught.path}", data=data, architecture=SMALLER)
    assert isinstance(ending, Failed)
    assert match in str(UserError.from_plain(dict(ending.error)))
    assert whole_history(folder)[1] == "failed"


def test_a_teacher_that_is_gone_is_said(tmp_path: Path):
    _, ending = trained(tmp_path, "training.teacher=nowhere")
    assert isinstance(ending, Failed)
    assert "no run called nowhere" in str(UserError.from_plain(dict(ending.error)))


def test_one_that_is_encrypted_is_refused_whatever_is_known(taught: RunFolder, tmp_path: Path):
    run = RunFolder(Path(shutil.copytree(taught.path, tmp_path / taught.name)))
    encrypt_run(run, "correct horse battery")
    _, ending = trained(tmp_path, f"training.teacher={run.path}", architecture=SMALLER)
    passphrases.forget()
    assert isinstance(ending, Failed)
    assert "is encrypted, and what is made of it would not be" in str(UserError.from_plain(dict(ending.error)))


def test_only_one_class_out_of_several_can_be_taught():
    with pytest.raises(UserError, match="A teacher tells one class out of several"):
        recipe_from(
            {
                "data": {"kind": "samples", "name": "diabetes"},
                "architecture": {"kind": "mlp"},
                "training": {"teacher": "some-run"},
            }
        )
