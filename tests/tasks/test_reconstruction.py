"""Reconstruction: its loss against the formulas, noise that is in training alone, and what an evaluation says."""

from types import SimpleNamespace

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import mse_loss

from workbench.core.signature import Inputs
from workbench.metrics import metrics, metrics_for
from workbench.tasks import tasks
from workbench.tasks.reconstruction import Reconstruction

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn((6, 1, 4, 4), generator=GENERATOR)
RESTORED = torch.randn((6, 1, 4, 4), generator=GENERATOR)
PLAIN = {"shape": [1, 4, 4], "latent": 0, "divergence_weight": 1.0, "noise": 0.0, "noise_form": "gaussian"}


def task(**goal: object) -> Reconstruction:
    found = tasks["reconstruction"].bound({**PLAIN, **goal})
    assert isinstance(found, Reconstruction)
    return found


def test_the_goal_is_what_the_architecture_says() -> None:
    preprocessing = SimpleNamespace(inputs=Inputs("image", (1, 4, 4)))
    settings = SimpleNamespace(latent=3, variational=True, divergence_weight=0.5, noise=0.2, noise_form="erased")
    expected = {"shape": [1, 4, 4], "latent": 3, "divergence_weight": 0.5, "noise": 0.2, "noise_form": "erased"}
    assert tasks["reconstruction"].goal_for(None, preprocessing, settings) == expected
    settings.variational = False
    assert tasks["reconstruction"].goal_for(None, preprocessing, settings)["latent"] == 0
    assert tasks["reconstruction"].outputs(10, preprocessing.inputs) == 16


def test_the_plain_loss_is_the_mean_squared_error_and_parts_add_up() -> None:
    whole = task().loss(RESTORED, IMAGES)
    torch.testing.assert_close(whole, mse_loss(RESTORED, IMAGES))
    parts = [
        task().loss(RESTORED[part], IMAGES[part], reduction="sum") for part in (slice(0, 1), slice(1, 4), slice(4, 6))
    ]
    torch.testing.assert_close(sum(parts) / 6, whole)
    torch.testing.assert_close(task(loss="mae").loss(RESTORED, IMAGES), (RESTORED - IMAGES).abs().mean())


def test_the_variational_loss_is_the_evidence_lower_bound() -> None:
    mean, log_variance = torch.randn((6, 3), generator=GENERATOR), torch.randn((6, 3), generator=GENERATOR)
    outputs = torch.cat([RESTORED.flatten(1), mean, log_variance], dim=1)
    bound_ = Normal(RESTORED, 1.0).log_prob(IMAGES).flatten(1).sum(1)
    bound_ -= kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(1)
    constant = torch.log(torch.tensor(2 * torch.pi)) * 16 / 2
    expected = (-bound_ - constant) * 2 / 16
    torch.testing.assert_close(task(latent=3).loss(outputs, IMAGES), expected.mean())
    assert task(latent=3, divergence_weight=0.0).loss(outputs, IMAGES) == pytest.approx(
        float(mse_loss(RESTORED, IMAGES))
    )


def test_metrics_are_told_apart() -> None:
    mean, log_variance = torch.ones(6, 3), torch.zeros(6, 3)
    outputs = torch.cat([RESTORED.flatten(1), mean, log_variance], dim=1)
    variational = task(latent=3)
    assert metrics_for(variational, 16) == ("reconstruction_error", "divergence")
    assert metrics_for(task(), 16) == ("reconstruction_error",)
    found = variational.totals({name: metrics[name].total for name in variational.metrics}, outputs, IMAGES)
    assert float(found["divergence"]) == pytest.approx(6 * 3 * 0.5)
    assert float(found["reconstruction_error"]) == pytest.approx(6 * float(mse_loss(RESTORED, IMAGES)), rel=1e-5)
    assert metrics["reconstruction_error"].better == "lower"


@pytest.mark.parametrize("form", ["gaussian", "erased"])
def test_noise_disturbs_the_inputs_of_training_and_never_the_targets(form: str) -> None:
    noisy = task(noise=0.4, noise_form=form)
    ones = torch.ones(200, 1, 4, 4)
    inputs, targets = noisy.prepare(ones, torch.zeros(200), torch.Generator().manual_seed(1), training=True)
    assert torch.equal(targets, ones)
    again, _ = noisy.prepare(ones, torch.zeros(200), torch.Generator().manual_seed(1), training=True)
    assert torch.equal(inputs, again)
    if form == "gaussian":
        assert float((inputs - ones).std()) == pytest.approx(0.4, rel=0.05)
    else:
        assert float((inputs == 0).float().mean()) == pytest.approx(0.4, rel=0.05)
        assert set(inputs.unique().tolist()) == {0.0, 1.0}
    quiet, _ = noisy.prepare(ones, torch.zeros(200), torch.Generator(), training=False)
    assert torch.equal(quiet, ones)


def test_an_evaluation_names_the_worst_and_the_best() -> None:
    errors, nothing = task().kept(RESTORED, IMAGES)
    assert nothing.shape == (6, 0)
    torch.testing.assert_close(errors, (RESTORED - IMAGES).square().flatten(1).mean(1))
    details = task().details(errors, nothing, (), [f"image {number}" for number in range(6)])
    worst, best = details["worst"], details["best"]
    assert worst[0]["row"] == int(errors.argmax())
    assert best[0]["name"] == f"image {int(errors.argmin())}"
    assert [entry["row"] for entry in worst] == [entry["row"] for entry in best][::-1]
    assert sum(details["errors"]["counts"]) == 6
    assert len(details["errors"]["edges"]) == len(details["errors"]["counts"]) + 1


def test_values_that_are_no_numbers_stop_nothing() -> None:
    details = task().details(torch.tensor([1.0, float("nan")]), torch.zeros(2, 0), (), [])
    assert details["errors"]["counts"] == []
    assert len(details["worst"]) == 2


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_only_noise_is_left_to_chance(noise: float) -> None:
    task = tasks["reconstruction"].bound({"noise": noise, "noise_form": "gaussian"})
    first, second = (
        task.prepare(torch.ones(2, 3), torch.ones(2, 3), torch.Generator().manual_seed(seed), training=True)[0]
        for seed in (0, 1)
    )
    assert task.draws is not torch.equal(first, second)
