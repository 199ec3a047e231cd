"""The ready-made recipes: each opens, trains, saves, reloads and predicts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.test_every_pair import losses_of, one_batch
from workbench.core import paths
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder, new_run
from workbench.inference.predictor import Predictor
from workbench.recipe import Recipe, read_recipe, title_of, to_toml
from workbench.training.worker import train_run

EXAMPLES = sorted((paths.resources() / "examples").glob("*.toml"), key=lambda path: path.stem != "bert-pretraining")
AFTER = {"bert-fine-tuning": "bert-pretraining"}  # what begins with the weights of another one
OFFLINE = ("data.kind=samples", "data.name=digits")  # instead of data that are downloaded
SHORT = ("training.steps=3", "training.device=cpu", "training.threads=1")


def run_of(example: Path, runs: Path, *assignments: str) -> tuple[RunFolder, Recipe]:
    recipe = read_recipe(example, assignments)
    folder = new_run(runs, title_of(recipe), to_toml(recipe))
    ending = train_run(folder)
    assert isinstance(ending, Finished), ending
    return folder, recipe


def test_what_an_introduction_teaches_is_there() -> None:
    assert {path.stem for path in EXAMPLES} >= {
        *("dcnn", "cnn-unpadded", "cnn-colour", "alexnet", "vgg", "resnet", "autoencoder", "linear-regression"),
        *("lstm-10-50x2-2", "lstm-100-128-10", "transformer", "gpt", "bert-pretraining", "bert-fine-tuning"),
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_says_in_a_sentence_what_it_is(example: Path) -> None:
    first = example.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_trains_saves_reloads_and_predicts(example: Path, own_folders: Path) -> None:
    runs = own_folders / "runs"
    if example.stem in AFTER:
        run_of(example.with_stem(AFTER[example.stem]), runs, *SHORT)
    offline = OFFLINE if read_recipe(example).data.kind == "hub" else ()
    folder, _ = run_of(example, runs, *SHORT, *offline)
    assert np.isfinite(losses_of(folder)).all()
    first, second = (Predictor.of_run(folder) for _ in range(2))
    batch = one_batch(first)
    assert torch.equal(first.outputs(batch), second.outputs(batch))


def test_linear_regression_ends_at_the_least_squares_solution(own_folders: Path) -> None:
    example = paths.resources() / "examples" / "linear-regression.toml"
    folder, recipe = run_of(example, own_folders / "runs", "training.threads=1", "training.device=cpu")
    assert (recipe.training.epochs, recipe.training.optimizer.learning_rate) == (1000, 0.1)
    predictor = Predictor.of_run(folder)
    assert sum(parameter.numel() for parameter in predictor.model.network.parameters()) == 2

    from workbench.data import open_data

    training = open_data(recipe.data).training
    values, truth = training.rows()[:, 0].astype(np.float64), training.targets[:, 0].astype(np.float64)
    slope, intercept = np.polyfit(values, truth, 1)
    standardised = predictor.preprocessing.tensor(torch.from_numpy(training.rows()))
    told, _ = predictor.task.natural(predictor.outputs(standardised), torch.zeros(len(values), 1))
    np.testing.assert_allclose(told.numpy()[:, 0], slope * values + intercept, rtol=1e-4)
