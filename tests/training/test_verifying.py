"""Verify resume: the same steps twice from a checkpoint, and what is said when they differ; the run stays as it is."""

from pathlib import Path

import pytest
import torch

from tests.training.runs import make_run, trained
from workbench.core.errors import UserError
from workbench.training import verifying
from workbench.training.verifying import verify_resume


def test_the_same_steps_twice_are_identical_and_the_run_is_not_touched(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    found = verify_resume(folder, steps=9)  # over the end of an epoch
    assert found.identical
    assert found.digests[0] == found.digests[1]
    assert str(found.verdict()).endswith("trained twice: identical to the last bit.")
    assert before == {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}


def test_a_step_that_comes_out_otherwise_is_named_with_its_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    calls = 0
    real = verifying.take_step

    def takes_step(trainee, *rest):
        nonlocal calls
        calls += 1
        result = real(trainee, *rest)
        if calls == 7:  # the third step of the second time
            with torch.no_grad():
                next(trainee.network.parameters()).view(-1)[0] += 1e-3
        return result

    monkeypatch.setattr(verifying, "take_step", takes_step)
    found = verify_resume(folder, steps=4)
    assert not found.identical
    assert found.first_step == found.step + 3
    assert len(found.tensors) == 1
    assert "are not identical from step 9 on" in str(found.verdict())
    assert any("kernel" in str(note) for note in found.notes)


def test_other_threads_and_another_torch_are_said(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    loaded = verifying.newest_sound(folder)[0]
    assert loaded
    said = verifying.differences_to({"threads": 7, "torch": "1.0"}, {}, torch.device("cpu"))
    assert [str(words).split(":")[0] for words in said] == [
        "1 threads compute here, and 7 did before",
        f"This is torch {torch.__version__}, and it was 1.0",
    ]


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no checkpoint to go on from: it has saved none yet"):
        verify_resume(make_run(tmp_path))
