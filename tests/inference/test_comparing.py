"""Runs held against each other on one test set."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.trained import digits_run
from tests.training.runs import FEW_DIGITS, trained
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.engine import ask
from workbench.inference import timing
from workbench.inference.comparing import compare
from workbench.inference.disagreeing import disagreements
from workbench.inference.evaluation import kept_evaluation
from workbench.inference.predictor import Predictor
from workbench.tasks import tasks
from workbench.training.compressing import compress


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return digits_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure for a moment."""
    monkeypatch.setattr(timing, "_ROUNDS", 3)
    monkeypatch.setattr(timing, "_SECONDS", 0.002)


def test_parent_and_children_on_the_same_samples(original: RunFolder) -> None:
    int8 = compress(original, "int8")
    other, _ = trained(original.path.parent, "training.epochs=1", architecture={"kind": "mlp", "hidden": [8]})
    found = compare([original, int8, other])
    first, second, third = found["rows"]
    for run, row in zip((original, int8, other), found["rows"], strict=True):
        test = kept_evaluation(run, "test")
        assert test is not None
        assert row["metrics"]["accuracy"] == pytest.approx(test["metrics"]["accuracy"], abs=1e-6)
        assert 0 < row["p50"] <= row["p99"]
        assert row["throughput"] > 0
    assert (second["made_of"], second["number_format"]) == (original.name, "int8")
    assert second["parameters"] == first["parameters"] > third["parameters"]
    assert second["size"] < first["size"]
    assert second["packed"] < second["size"]


def test_the_samples_on_which_they_differ_are_those_on_which_their_answers_do(original: RunFolder) -> None:
    other, _ = trained(original.path.parent, "training.epochs=1", architecture={"kind": "mlp", "hidden": [8]})
    runs = [str(original.path), str(other.path)]
    found = ask("comparing.compare", {"runs": runs}, lambda *_: None)
    assert found["disagreeing"] >= len(found["disagreements"]) > 0
    for sample in found["disagreements"]:
        one, two = (answer["label"] for answer in sample["answers"])
        assert one != two
        assert sample["truth"] in Predictor.of_run(original).model.labels
        assert sample["picture"]["shape"] == [8, 8, 1]
        assert sample["name"]


def test_of_numbers_those_that_are_furthest_apart(tmp_path: Path) -> None:
    data = {"kind": "samples", "name": "diabetes"}
    runs = [
        trained(tmp_path, f"training.epochs={epochs}", data=data, architecture={"kind": "mlp", "hidden": [8]})[0]
        for epochs in (1, 3)
    ]
    found = compare(runs)
    assert found["disagreeing"] is None
    apart = [
        abs(float(one["label"]) - float(two["label"]))
        for one, two in (each["answers"] for each in found["disagreements"])
    ]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 0


def test_runs_that_cannot_be_compared_are_refused(original: RunFolder) -> None:
    runs = original.path.parent
    iris, _ = trained(runs, data={"kind": "samples", "name": "iris"}, architecture={"kind": "mlp", "hidden": [8]})
    dealt, _ = trained(runs, "training.epochs=1", data={**FEW_DIGITS, "split_seed": 5})
    with pytest.raises(UserError, match="trained for something else"):
        compare([original, iris])
    with pytest.raises(UserError, match="with another test set"):
        compare([original, dealt])
    with pytest.raises(UserError, match="takes two runs"):
        compare([original, original])


def test_labels_and_sureness_decide_what_is_shown_first() -> None:
    one = torch.tensor([[0.9, 1.0], [0.8, 2.0], [0.6, 1.0]])  # how sure, which class
    two = torch.tensor([[0.9, 1.0], [0.6, 1.0], [0.9, 2.0]])
    assert disagreements(tasks["classification"], [one, two]) == (2, [2, 1])
    labels = [torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]])]
    assert disagreements(tasks["multi_label"], labels) == (1, [1])


def test_models_take_turns_and_the_slower_one_takes_longer() -> None:
    order: list[str] = []

    def model(name: str, seconds: float) -> object:
        def answer(inputs: Tensor) -> Tensor:
            order.append(name)
            time.sleep(seconds)
            return inputs

        return answer

    one, many = torch.zeros(1, 2), torch.zeros(4, 2)
    quick, slow = timing.timed([model("a", 0.001), model("b", 0.004)], [one, one], [many, many])  # type: ignore[list-item]
    assert quick.p50 < slow.p50 <= slow.p99
    assert quick.throughput > slow.throughput
    begins = [name for before, name in pairwise(order) if before != name]
    assert len(begins) >= 2 * 3 - 1
