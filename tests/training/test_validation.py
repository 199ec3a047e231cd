"""What is judged at the end of an epoch and at the end of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import Seen, make_run
from workbench.core.events import EpochDone, Finished
from workbench.inference.evaluation import evaluate_run, kept_evaluation
from workbench.training import loop
from workbench.training.worker import train_run


@pytest.fixture
def judgements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect how many samples were judged at each time."""
    found: list[int] = []

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(loop, name)

        def judging(trainee: Any, first: Any, second: Any, heed: Any) -> Any:
            found.append(len(first if name == "judged" else second))
            return real(trainee, first, second, heed)

        return judging

    for name in ("judged", "judged_in_full"):
        monkeypatch.setattr(loop, name, counted(name))
    return found


@pytest.mark.parametrize("rate", [0.01, 50.0])  # learns to the end; or is best after the first epoch
def test_the_last_epoch_is_judged_once(rate: float, judgements: list[int], tmp_path: Path) -> None:
    folder, seen = make_run(tmp_path, f"training.optimizer.learning_rate={rate}", "training.gradient_clip=1"), Seen()
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    epochs = seen.of(EpochDone)
    last_is_best = epochs[-1].metrics == {name: ending.metrics[name] for name in epochs[-1].metrics}
    assert last_is_best == (rate < 1)
    assert len(judgements) == 3 + 1 + (not last_is_best)  # three epochs, the test split, and the best model again
    before = {split: kept_evaluation(folder, split) for split in ("validation", "test")}
    again = evaluate_run(folder)["splits"]
    for split, found in before.items():
        assert found is not None
        assert found["metrics"] == pytest.approx(again[split]["metrics"], abs=1e-5)
        for name, value in found["metrics"].items():
            assert ending.metrics[f"{split}_{name}"] == value
