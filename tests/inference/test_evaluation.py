import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tests import folders
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.data.dataset import Progress
from workbench.inference.evaluation import evaluate_run, measured
from workbench.tasks import tasks


def test_a_run_is_evaluated_as_its_training_did(digits_run: RunFolder) -> None:
    found = evaluate_run(digits_run)

    last = whole_history(digits_run)[0].events[-1]
    assert isinstance(last, Finished)
    for name, value in found["metrics"].items():
        assert value == pytest.approx(last.metrics[name], abs=1e-5), name
    assert set(found["splits"]) == {"validation", "test"}
    kept = json.loads((digits_run.evaluation / "test.json").read_text(encoding="utf-8"))
    assert kept["metrics"] == found["splits"]["test"]["metrics"]
    assert kept["count"] == np.sum(kept["confusion"])
    assert kept["mistakes"][0]["name"]


def test_confusion_and_classes_agree_with_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 4, generator=generator)
    logits[:, 3] = -9  # a class that is never guessed
    targets = torch.randint(0, 4, (200,), generator=generator)
    labels = ["a", "b", "c", "d"]

    found = measured(logits, targets, tasks["classification"], labels, [f"sample {n}" for n in range(200)])

    guesses = logits.argmax(1).numpy()
    assert (np.array(found["confusion"]) == confusion_matrix(targets.numpy(), guesses)).all()
    expected = precision_recall_fscore_support(targets.numpy(), guesses, zero_division=0)  # type: ignore[arg-type]
    rows = [[row[name] for row in found["per_class"]] for name in ("precision", "recall", "f1", "count")]
    assert np.allclose(rows, np.array(expected))
    scores = [mistake["score"] for mistake in found["mistakes"]]
    assert scores == sorted(scores, reverse=True)
    first = found["mistakes"][0]
    assert first["name"] == f"sample {first['row']}"
    assert first["label"] == labels[int(targets[first["row"]])]
    assert first["predicted"] == labels[int(guesses[first["row"]])]


def moved_copy(run: RunFolder, folder: Path, path: Path) -> RunFolder:
    """Return a copy of the run whose recipe says that its data lie at `path`."""
    copy = RunFolder(shutil.copytree(run.path, folder / run.name))
    lines = copy.recipe.read_text(encoding="utf-8").splitlines()
    changed = [f'path = "{path}"' if line.startswith("path = ") else line for line in lines]
    copy.recipe.write_text("\n".join(changed), encoding="utf-8")
    return copy


def test_data_that_moved_are_asked_for_and_remembered(texts_run: RunFolder, tmp_path: Path) -> None:
    run = moved_copy(texts_run, tmp_path, tmp_path / "gone.csv")
    with pytest.raises(UserError, match="are no longer at") as caught:
        evaluate_run(run)
    assert "--data" in str(caught.value.hint)

    table = folders.text_table(tmp_path / "found.csv", 60)
    assert evaluate_run(run, data=str(table))["metrics"] == pytest.approx(evaluate_run(texts_run)["metrics"])
    assert evaluate_run(run)["splits"]


def test_other_data_are_refused(texts_run: RunFolder, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\n" + "".join(f"some text {n},{'xyz'[n % 3]}\n" for n in range(60)), encoding="utf-8")
    with pytest.raises(UserError, match="These are not the data of"):
        evaluate_run(moved_copy(texts_run, tmp_path, other))


def test_progress_is_told_and_may_end_it(digits_run: RunFolder) -> None:
    seen = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if str(progress.stage).startswith("Evaluating"):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate_run(digits_run, progress=report)
    assert seen
