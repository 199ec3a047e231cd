import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.words import Words
from workbench.engine import ask, is_job

ENGINE = [sys.executable, "-m", "workbench.engine"]


def answers_to(*lines: str) -> list[dict[str, Any]]:
    """Return what an engine process answers to these lines, each of which it writes as one line of JSON."""
    done = subprocess.run(
        ENGINE, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def question(number: int, name: str, **arguments: Any) -> str:
    return json.dumps({"id": number, "name": name, "arguments": arguments})


def test_a_process_answers_in_order_and_ends_with_its_input() -> None:
    answers = answers_to(
        question(1, "settings.check", recipe={"data": {"kind": "samples"}}),
        "",
        "rubbish",
        '{"id": 2}',
        question(3, "settings.check", recipe={"training": {"epochs": 0}}),
        question(4, "settings.learning_rates", recipe={}, steps="many"),
        question(5, "nothing.like_it"),
    )
    assert [answer["id"] for answer in answers] == [1, None, None, 3, 4, 5]
    assert answers[0]["answer"]["recipe"]["architecture"]["kind"] == "convnet"
    assert all("error" in answer for answer in answers[1:])
    wrong = UserError.from_plain(answers[3]["error"])
    assert "epochs" in str(wrong)
    unexpected = UserError.from_plain(answers[4]["error"])
    assert "ValueError" in str(unexpected)
    assert "Traceback" in unexpected.details
    assert "nothing.like_it" in str(UserError.from_plain(answers[5]["error"]))


def test_a_job_reports_and_then_answers(digits_run: RunFolder) -> None:
    answers = answers_to(question(7, "evaluation.evaluate", run=str(digits_run.path)))
    reports = [answer["progress"] for answer in answers if "progress" in answer]
    assert {answer["id"] for answer in answers} == {7}
    assert reports
    assert {"stage", "done", "total"} == set(reports[0])
    assert "validation_accuracy" in answers[-1]["answer"]["metrics"]


@pytest.mark.skipif(sys.platform == "win32", reason="its pipes do not tell that nobody reads them")
def test_a_process_ends_when_nobody_hears_it_any_more(tmp_path: Path) -> None:
    engine = subprocess.Popen(ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert engine.stdin
    assert engine.stdout
    engine.stdin.write(question(1, "devices.list").encode() + b"\n")
    engine.stdin.flush()
    engine.stdout.close()
    engine.stdin.close()
    assert engine.wait(60) == 0


def test_what_libraries_print_does_not_reach_the_answers() -> None:
    program = (
        "import os, sys; from workbench.engine import __main__ as engine, devices;"
        "devices.list = None; "
        "code = 'def noisy():\\n print(1); os.write(1, b\"2\"); return {}';"
        "exec(code, {'os': os, '__name__': devices.__name__}, vars(devices));"
        "engine.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=question(1, "devices.noisy"), capture_output=True, text=True, timeout=120
    )
    assert json.loads(done.stdout) == {"id": 1, "answer": {}}
    assert "2" in done.stderr


def test_a_name_is_asked_for_by_subject_and_function() -> None:
    with pytest.raises(UserError) as caught:
        ask("settings.catalog")
    assert str(caught.value.hint) == "Did you mean settings.catalogue?"
    for name in ("settings", "settings.", "settings._described", "settings.Path", "__main__.main", "os.system", ""):
        with pytest.raises(UserError, match="knows nothing called"):
            ask(name)


def test_wrong_arguments_are_refused_in_words() -> None:
    with pytest.raises(UserError, match="missing a required argument"):
        ask("settings.check")
    with pytest.raises(UserError, match="unexpected keyword"):
        ask("devices.list", {"colour": "red"})


def test_jobs_are_known_by_their_first_parameter() -> None:
    assert is_job("evaluation.evaluate")
    assert is_job("prediction.batch")
    assert is_job("data.open")
    assert not is_job("prediction.predict")


def test_in_this_process_answers_are_plain_and_progress_may_end_a_job(digits_run: RunFolder) -> None:
    json.dumps(ask("devices.list"), allow_nan=False)
    seen: list[tuple[Words, int, int]] = []

    def report(stage: Words, done: int, total: int) -> None:
        seen.append((stage, done, total))
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        ask("evaluation.evaluate", {"run": str(digits_run.path)}, report)
    assert 0 < seen[-1][1] <= seen[-1][2]
