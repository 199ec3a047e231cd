import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.words import from_plain
from workbench.engine import _predictors, ask


def test_a_run_describes_its_model_without_loading_it(digits_run: RunFolder) -> None:
    found = ask("prediction.describe", {"run": str(digits_run.path)})
    assert found["labels"] == [str(n) for n in range(10)]
    assert found["inputs"]["shape"] == [1, 8, 8]
    assert found["title"] == "convnet-digits"
    assert found["metrics"]["validation_accuracy"] > 0
    assert found["path_ok"]


def test_a_sample_of_the_test_split_is_predicted(digits_run: RunFolder) -> None:
    run = str(digits_run.path)
    sample = ask("prediction.sample", {"run": run, "number": 5})
    around = ask("prediction.sample", {"run": run, "number": 5 + sample["count"]})
    assert around == sample

    [found] = ask("prediction.predict", {"run": run, "inputs": [{"image": sample["image"]}], "top": 3})["predictions"]
    assert len(found["top"]) == 3
    assert found["label"] == found["top"][0]["label"]
    assert found["error"] is None
    seen = ask("prediction.seen", {"run": run, "input": {"image": sample["image"]}})
    pixels = np.frombuffer(base64.b64decode(seen["pixels"]), np.uint8).reshape(seen["shape"])
    original = np.asarray(Image.open(io.BytesIO(base64.b64decode(sample["image"]))))
    assert (pixels[:, :, 0] == original).all()


def test_a_typed_text_is_predicted(texts_run: RunFolder) -> None:
    run = str(texts_run.path)
    sample = ask("prediction.sample", {"run": run, "number": 0})
    assert sample["text"]
    given = [{"text": sample["text"]}, {"text": "works well and looks lovely"}]
    found = ask("prediction.predict", {"run": run, "inputs": given})["predictions"]
    assert found[1]["label"] == "positive"


def test_what_cannot_be_read_is_answered_in_words(digits_run: RunFolder, tmp_path: Path) -> None:
    run = str(digits_run.path)
    inputs = [{"path": str(tmp_path / "gone.png")}, {"image": base64.b64encode(b"rubbish").decode()}]
    found = ask("prediction.predict", {"run": run, "inputs": inputs})["predictions"]
    assert [str(from_plain(item["error"])) for item in found] == [
        "It is not there.",
        "It is not an image of a known format.",
    ]
    for wrong in ({"image": "%"}, {"nothing": 1}):
        with pytest.raises(UserError):
            ask("prediction.predict", {"run": run, "inputs": [wrong]})


def test_a_batch_is_a_job_over_files_folders_and_tables(texts_run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("text\nworks well and looks lovely\nbroke at once\n", encoding="utf-8")
    (tmp_path / "one.txt").write_text("smells bad", encoding="utf-8")
    stages = []
    found = ask(
        "prediction.batch",
        {"run": str(texts_run.path), "paths": [str(tmp_path)], "top": 1},
        lambda stage, done, total: stages.append((str(stage), done, total)),
    )
    assert [item["label"] for item in found["predictions"]] == ["positive", "negative", "negative"]
    assert stages[-1] == ("Predicting", 3, 3)


def test_two_models_are_kept_and_a_better_one_is_noticed(
    digits_run: RunFolder, texts_run: RunFolder, tmp_path: Path
) -> None:
    _predictors._predictors.clear()
    copy = RunFolder(shutil.copytree(digits_run.path, tmp_path / "copy"))
    for run in (digits_run, texts_run, copy, copy):
        ask("prediction.predict", {"run": str(run.path), "inputs": []})
    assert len(_predictors._predictors) == 2
    before = copy.best_model()
    assert before
    better = before.rename(before.with_name("step-99999999-a001"))
    (copy.models / "best.json").write_text(f'{{"name": "{better.name}"}}', encoding="utf-8")
    ask("prediction.predict", {"run": str(copy.path), "inputs": []})
    assert better in _predictors._predictors


def test_evaluation_is_found_again(digits_run: RunFolder) -> None:
    run = str(digits_run.path)
    found = ask("evaluation.evaluate", {"run": run})
    kept = ask("evaluation.kept", {"run": run})
    assert found["split"] == "test"
    assert len(found["confusion"]) == len(found["labels"]) == len(found["per_class"]) == 10
    assert kept["metrics"] == found["metrics"]
    assert kept["confusion"] == found["confusion"]
