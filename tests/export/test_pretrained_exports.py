"""Models that began in transformers go back there, with what LoRA learned merged into their layers."""

import shutil
from pathlib import Path

import pytest

from tests import checkpoints
from tests.architectures.test_pretrained import reviews, trained
from workbench.core.errors import UserError
from workbench.export.checking import MOST
from workbench.export.exporting import export

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", ["all", "lora"])
@pytest.mark.parametrize("form", ["hugging-face", "onnx", "torch-program"])
def test_a_classifier_of_texts(tmp_path: Path, form: str, how: str) -> None:
    folder = checkpoints.bert(tmp_path / "bert")
    run = trained(tmp_path / "runs", folder, reviews(tmp_path / "few.csv"), train=how, length=20)
    shutil.rmtree(folder)
    assert export(run, form, tmp_path / "out").difference < MOST


@pytest.mark.parametrize("form", ["hugging-face", "torch-program"])
def test_a_model_that_writes(tmp_path: Path, form: str) -> None:
    folder = checkpoints.gpt2(tmp_path / "gpt2")
    data = {**reviews(tmp_path / "few.csv"), "task": "next_token"}
    run = trained(tmp_path / "runs", folder, data, train="lora", length=16)
    assert export(run, form, tmp_path / "out").difference < MOST


@pytest.mark.parametrize("form", ["hugging-face", "onnx"])
def test_a_classifier_of_images(tmp_path: Path, form: str) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    run = trained(tmp_path / "runs", folder, {"kind": "samples", "name": "digits", "validation": 0.45, "test": 0.45})
    assert export(run, form, tmp_path / "out").difference < MOST


def test_its_source_is_not_ours(tmp_path: Path) -> None:
    run = trained(tmp_path / "runs", checkpoints.bert(tmp_path / "bert"), reviews(tmp_path / "few.csv"))
    with pytest.raises(UserError, match="export it for Hugging Face"):
        export(run, "pytorch", tmp_path / "out")
