"""Writing on for the window: a few tokens a question, and none after it was stopped."""

from pathlib import Path

import pytest

from tests.trained import writer_run
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.engine import ask, generation
from workbench.inference.generation import written
from workbench.inference.predictor import Predictor
from workbench.inference.sampling import Sampling


@pytest.fixture(scope="module")
def writer(session_folders: Path) -> RunFolder:
    return writer_run(session_folders / "runs")


def test_the_parts_are_the_whole(writer: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "_SECONDS", 0.0)
    options = {"max_tokens": 7, "seed": 3}
    begun = ask("generation.begin", {"run": str(writer.path), "prompt": "Good", "options": options})
    assert begun["prompt_tokens"] == 4
    parts = [ask("generation.more", {"number": begun["number"]}) for _ in range(8)]
    assert [len(part["tokens"]) for part in parts] == [1] * 7 + [0]
    assert [part["ended_by"] for part in parts] == [""] * 7 + ["length"]
    text = "".join(token["text"] for part in parts for token in part["tokens"])
    assert text == written(Predictor.of_run(writer), "Good", Sampling(max_tokens=7, seed=3))


def test_what_was_stopped_goes_on_no_more(writer: RunFolder) -> None:
    begun = ask("generation.begin", {"run": str(writer.path), "prompt": "", "options": {}})
    assert ask("generation.stop", {"number": begun["number"]}) == {"known": True}
    assert ask("generation.stop", {"number": begun["number"]}) == {"known": False}
    assert ask("generation.more", {"number": begun["number"]}) == {"tokens": [], "ended_by": "stop"}


def test_only_the_latest_texts_are_kept(writer: RunFolder) -> None:
    for _ in range(6):
        ask("generation.begin", {"run": str(writer.path), "prompt": "", "options": {}})
    assert len(generation._texts) == 4


def test_wrong_options_are_refused(writer: RunFolder) -> None:
    with pytest.raises(UserError, match="temperature must lie between"):
        ask("generation.begin", {"run": str(writer.path), "prompt": "", "options": {"temperature": -2}})


def test_tokens_are_spelled(writer: RunFolder) -> None:
    preprocessing = Predictor.of_run(writer).preprocessing
    ids = [preprocessing.stream(["Good"]).tolist(), preprocessing.stream(["so"]).tolist()]
    found = ask("generation.spelled", {"run": str(writer.path), "stretches": ids})
    assert found == {"texts": [["G", "o", "o", "d"], ["s", "o"]]}


def test_what_surprised_the_model_is_told_as_text(writer: RunFolder) -> None:
    found = ask("generation.surprises", {"run": str(writer.path)})
    assert found["split"] == "test"
    assert found["metrics"]["perplexity"] > 1
    assert len(found["stretches"]) > 3
    assert all(0 <= token["probability"] <= 1 for stretch in found["stretches"] for token in stretch)
    assert {len(stretch) for stretch in found["stretches"]} == {16}


def test_without_an_evaluation_nothing_surprises(writer: RunFolder, tmp_path: Path) -> None:
    assert ask("generation.surprises", {"run": str(tmp_path)}) == {"split": "", "metrics": {}, "stretches": []}
