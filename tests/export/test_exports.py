"""Every export, loaded where this program cannot be seen, tells what the trained model tells."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.export.models import CASES, fresh_run, preprocessing, subwords
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.sealed import check_sealed
from workbench.data.masked_preprocessing import MaskedPreprocessing
from workbench.data.masker import Masker
from workbench.data.masking_key import key_file, name_of_key
from workbench.export import targets
from workbench.export.checking import MOST
from workbench.export.companions import describe, preparing
from workbench.export.exporting import export
from workbench.export.subject import Subject
from workbench.export.whole import Whole
from workbench.inference.inputs import items_of
from workbench.inference.predictor import Predictor

FORMS = ("onnx", "pytorch", "torch-program")
FIRST = [
    ("onnx", "gpt", "text", "next_token"),
    ("pytorch", "rnn", "text", "classification"),
    ("torch-program", "mlp", "table", "classification"),
]
GPT = {"tokens": "bpe", "vocabulary": 60}


@pytest.mark.parametrize(("form", "kind", "inputs", "task"), FIRST)
def test_an_export_tells_what_the_model_tells(
    tmp_path: Path, form: str, kind: str, inputs: str, task: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # what is compiled on the way is not part of it
    settings = {"bidirectional": True, "read": "mean"} if kind == "rnn" else {}
    found = export(fresh_run(tmp_path, kind, inputs, task, settings), form, tmp_path / "out")
    assert 0 <= found.difference < MOST
    assert found.size == sum(file.stat().st_size for file in (tmp_path / "out").iterdir())
    check_sealed(tmp_path / "out")
    assert {"README.md", "example.py", "model.json", "manifest.json"} <= {p.name for p in (tmp_path / "out").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "inputs", "task"), CASES)
def test_every_architecture_can_be_exported(tmp_path: Path, form: str, kind: str, inputs: str, task: str):
    assert export(fresh_run(tmp_path, kind, inputs, task), form, tmp_path / "out").difference < MOST


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", ["plain", "gru", "lstm"])
def test_recurrence_in_both_directions_keeps_its_lengths_free(tmp_path: Path, form: str, cell: str):
    settings = {"cell": cell, "bidirectional": True, "layers": 2}
    run = fresh_run(tmp_path, "rnn", "text", "classification", settings)
    assert export(run, form, tmp_path / "out").difference < MOST


@pytest.mark.parametrize(
    ("kind", "task", "settings"),
    [
        pytest.param("gpt", "next_token", GPT, id="gpt", marks=pytest.mark.slow),
        pytest.param("bert", "classification", {}, id="bert", marks=pytest.mark.slow),
        pytest.param("bert", "masked_token", {}, id="bert-masked", marks=pytest.mark.slow),
        pytest.param("bert", "masked_token", {"next_sentence": True}, id="bert-pretraining", marks=pytest.mark.slow),
    ],
)
def test_transformers_opens_the_folder(tmp_path: Path, kind: str, task: str, settings: dict[str, Any]):
    run = fresh_run(tmp_path, kind, "text", task, settings, subwords())
    assert export(run, "hugging-face", tmp_path / "out").difference < MOST
    from transformers import AutoConfig, AutoTokenizer

    assert AutoConfig.from_pretrained(tmp_path / "out").vocab_size == 60
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer("w7 w9", add_special_tokens=False)["input_ids"] == [7, 9]


def raw_input(inputs: str, place: Path) -> str:
    """Write or return what someone would give the example."""
    match inputs:
        case "image":
            pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / "picture.png")
            return str(place / "picture.png")
        case "text":
            return "word3 [MASK] word5 word6"
        case "table":
            (place / "table.csv").write_text("name;length;colour\nx;2,5;green\ny;3;red\n")
            return str(place / "table.csv")
        case _:
            rows = "\n".join(f"2024-01-{n + 1:02},{n},{n * 2},{n % 3}" for n in range(15))
            (place / "series.csv").write_text(f"day,a,b,c\n{rows}\n")
            return str(place / "series.csv")


def run_example(out: Path, *given: str) -> subprocess.CompletedProcess[str]:
    """Run the example of an export as someone would who does not have this program, and is in another folder."""
    blocked = (
        f"import sys, runpy; sys.modules['workbench'] = None; sys.path.insert(0, {str(out)!r}); "
        f"sys.argv = {['example.py', *given]!r}; runpy.run_path({str(out / 'example.py')!r})"
    )
    command = [sys.executable, "-c", blocked]
    return subprocess.run(command, cwd=out.parent, capture_output=True, text=True, check=False)


EXAMPLES = [
    ("convnet", "image", "classification"),
    ("mlp", "image", "multi_label"),
    ("mlp", "table", "regression"),
    ("rnn", "series", "forecasting"),
    ("bert", "text", "masked_token"),
    ("gpt", "text", "next_token"),
    ("autoencoder", "image", "reconstruction"),
]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "inputs", "task"), EXAMPLES)
def test_the_example_runs_without_this_program(tmp_path: Path, form: str, kind: str, inputs: str, task: str):
    out = tmp_path / "out"
    export(fresh_run(tmp_path, kind, inputs, task), form, out)
    source = (out / "example.py").read_text()
    assert len([line for line in source.splitlines() if line.strip()]) <= 17
    card = (out / "README.md").read_text()
    assert source in card
    assert ("pillow" in card) == (inputs == "image")
    assert example_says(out, raw_input(inputs, tmp_path))


def test_the_example_takes_the_files_that_a_model_is_trained_on_from_any_folder(tmp_path: Path):
    table, series = (raw_input(inputs, tmp_path) for inputs in ("table", "series"))
    run = fresh_run(tmp_path, "mlp", "table", "classification")
    predictor = Predictor.of_run(run)
    first = predictor.predict(items_of([table], "table", preprocessing=predictor.preprocessing))[0]
    export(run, "pytorch", tmp_path / "rows")
    assert example_says(tmp_path / "rows", table).startswith(first.answer["label"])
    export(fresh_run(tmp_path, "rnn", "series", "forecasting"), "pytorch", tmp_path / "steps")
    assert example_says(tmp_path / "steps", series).startswith("['a', 'b']")


def test_an_example_that_hashes_asks_for_the_key_at_once(tmp_path: Path, own_folders: Path):
    masker, out = Masker(("mail",), key=name_of_key()), tmp_path / "out"
    run = fresh_run(
        tmp_path, "textcnn", "text", "classification", made=MaskedPreprocessing(preprocessing("text"), masker)
    )
    export(run, "pytorch", out)
    card = (out / "README.md").read_text()
    assert f"named `{masker.key}`" in card
    assert "export WORKBENCH_MASKING_KEY=masking.key\n    python example.py" in card
    command, environment = [sys.executable, "example.py", "nothing personal"], {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Set WORKBENCH_MASKING_KEY" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    environment["WORKBENCH_MASKING_KEY"] = str(key_file())
    subprocess.run([*command[:2], "mail a@b.example"], cwd=out, env=environment, capture_output=True, check=True)


def example_says(out: Path, given: str) -> str:
    """Return what the example prints."""
    done = run_example(out, given)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("form", ["pytorch", pytest.param("torch-program", marks=pytest.mark.slow)])
def test_the_example_takes_a_picture_without_a_warning_and_says_how_it_is_used(tmp_path: Path, form: str):
    out = tmp_path / "out"
    export(fresh_run(tmp_path, "mlp", "image", "classification"), form, out)
    done = run_example(out, raw_input("image", tmp_path))
    assert (done.returncode, "UserWarning" in done.stderr) == (0, False), done.stderr
    for given in ((), ("one.png", "two.png")):
        done = run_example(out, *given)
        assert (done.returncode, done.stderr) == (2, "Usage: python example.py picture.png\n")


@pytest.mark.parametrize("made", [None, subwords()], ids=["words", "subwords"])
def test_what_comes_next_is_told_of_the_end_of_a_long_text(tmp_path: Path, made: Any):
    run = fresh_run(tmp_path, "gpt", "text", "next_token", {}, made)
    subject = Subject.of_run(run)
    prepare: dict[str, Any] = {"__file__": str(tmp_path / "preparing.py")}
    (tmp_path / "model.json").write_text(describe(subject), encoding="utf-8")
    exec(compile(preparing(subject), "preparing.py", "exec"), prepare)  # what a person would import
    text = " ".join(f"{'w' if made else 'word'}{number % 40 + 5}" for number in range(100))
    predicted = Predictor.of_run(run).encoded(text)
    np.testing.assert_array_equal(prepare["prepare"](text), predicted[:-1])
    np.testing.assert_array_equal(prepare["prepare"]("a" if made else ""), [1] if made else [0])


def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path):
    run = fresh_run(tmp_path, "mlp", "table", "classification")
    with pytest.raises(UserError, match="transformers has no network like it") as refused:
        export(run, "hugging-face", tmp_path / "out")
    assert "It can be exported as: onnx, pytorch, torch-program." in refused.value.translated()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        export(run, "onnx", tmp_path / "file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("kept")
    with pytest.raises(UserError, match="is not empty"):
        export(run, "onnx", tmp_path / "full")
    with pytest.raises(UserError, match="called onx"):
        export(run, "onx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_m10_an_operation_that_onnx_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Odd(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return torch.linalg.svdvals(rows[:, None].expand(-1, 4, -1))[:, :1].expand(-1, 4)

    run = fresh_run(tmp_path, "mlp", "table", "classification")
    monkeypatch.setattr(
        "workbench.export.graph.exportable", lambda subject: Whole(Odd(), subject.preprocessing, subject.task).eval()
    )
    with pytest.raises(UserError, match=r"no operation like .*svd") as said:
        export(run, "onnx", tmp_path / "out")
    assert "PyTorch program" in said.value.translated()
    assert run.best_model() is not None, "what is exported stays"
    assert not (tmp_path / "out").exists()


def test_m10_an_export_that_tells_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = fresh_run(tmp_path, "mlp", "table", "classification")
    monkeypatch.setattr("workbench.export.checking.MOST", -1.0)  # nothing is near enough
    with pytest.raises(UserError, match="does not tell the same"):
        export(run, "pytorch", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [run.name]


def test_a_decoder_with_other_parts_than_gpt2_has_no_place_in_transformers(tmp_path: Path):
    subject = Subject.of_run(fresh_run(tmp_path, "gpt", "text", "next_token", {"positions": "rotary"}))
    assert targets["hugging-face"].refuses(subject) is not None
    assert targets["pytorch"].refuses(subject) is None


def test_every_form_says_what_it_is():
    for kind, target in targets.items():
        assert target.kind == kind
        assert target.title
        assert target.summary.endswith(".")
        assert target.needs


def test_a_run_without_a_model_is_said(tmp_path: Path):
    run = RunFolder(tmp_path / "empty")
    run.path.mkdir()
    with pytest.raises(UserError, match="no model yet"):
        export(run, "onnx", tmp_path / "out")
