"""Series through the engine and the command line: drawn, forecast, and refused when they are too short."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.runs import make_run
from workbench.cli import main
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.core.paths import resources
from workbench.core.run_folder import RunFolder
from workbench.data.series import example
from workbench.engine import ask
from workbench.training.worker import train_run

TINY = {"kind": "rnn", "hidden": 8}
SAMPLE = {"kind": "samples", "name": "series"}
TEMPERATURE = resources() / "samples" / "series" / "pacific_temperature.csv"


def trained(place: Path, data: dict[str, Any], **training: Any) -> RunFolder:
    plain = {"epochs": 2, "device": "cpu", "threads": 1, **training}
    run = make_run(place, data=data, architecture=TINY, training=plain)
    assert isinstance(train_run(run), Finished)
    return run


def test_a_long_series_is_thinned_out_without_losing_its_peaks(own_folders: Path) -> None:
    rows = 30_000
    values = np.sin(np.arange(rows) / 500)
    values[17_345] = 9
    path = own_folders / "long.csv"
    path.write_text("day,x\n" + "\n".join(f"{row},{value:.4f}" for row, value in enumerate(values)))
    found = ask("series.overview", {"data": {"kind": "series", "path": str(path)}})
    assert found["rows"] == rows
    assert len(found["places"]) <= 4002
    assert max(found["values"]["x"]) == 9
    assert found["times"][0] == "0"
    assert found["borders"] == [24_000, 27_000]


def test_sequences_are_drawn_by_class(own_folders: Path) -> None:
    found = ask("series.overview", {"data": example(own_folders).model_dump(mode="json")})
    assert {curve["label"] for curve in found["curves"]} == {"falling", "rising"}
    assert all(len(curve["values"]) == 2 for curve in found["curves"])


def test_a_forecast_is_the_same_from_a_window_its_rows_and_a_file(own_folders: Path) -> None:
    run = str(trained(own_folders, SAMPLE).path)
    found = ask("series.forecast", {"run": run, "number": 3})
    assert found["count"] == 38
    assert found["name"] == "2007-03"
    assert len(found["before"]["temperature"]) == 72
    assert len(found["times"]) == 72 + 12
    lines = TEMPERATURE.read_text().splitlines()
    truth = [float(line.split(",")[1]) for line in lines[1:] if line[:7] >= "2007-03"][:12]
    assert found["truth"]["temperature"] == pytest.approx(truth, rel=1e-5)
    sample = ask("prediction.sample", {"run": run, "number": 3})
    [answer] = ask("prediction.predict", {"run": run, "inputs": [{"series": sample["series"]}]})["predictions"]
    assert answer["values"] == pytest.approx(found["values"]["temperature"], rel=1e-5)
    cut = own_folders / "until.csv"
    cut.write_text("\n".join(line for line in lines if line[:7] < "2007-03" or line.startswith("month")))
    of_file = ask("series.forecast", {"run": run, "path": str(cut)})
    assert of_file["values"]["temperature"] == pytest.approx(found["values"]["temperature"], rel=1e-5)
    assert of_file["truth"] == {}
    assert ask("series.read", {"run": run, "given": {"path": str(cut)}})["times"][-1] == "2007-02"


def test_commands_forecast_and_refuse_what_is_too_short(own_folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(trained(own_folders, SAMPLE).path)
    capsys.readouterr()
    assert main(["predict", run, str(TEMPERATURE), "--json"]) == 0
    [answer] = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert len(answer["values"]) == 12
    assert all(15 < value < 35 for value in answer["values"])
    short = own_folders / "short.csv"
    short.write_text("month,temperature\n" + "\n".join(f"2020-{month:02},{20 + month}" for month in range(1, 10)))
    assert main(["predict", run, str(short)]) == 1
    assert "short.csv has 9 rows, but the model reads 24." in capsys.readouterr().err
    with pytest.raises(UserError, match=r"short\.csv has 9 rows, but the model reads 24\."):
        ask("series.forecast", {"run": run, "path": str(short)})
    assert main(["evaluate", run]) == 0
    said = capsys.readouterr().out
    assert "Steps ahead" in said
    assert "Of the last value" in said


def test_sequences_of_any_length_are_classified(own_folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = example(own_folders).model_dump(mode="json")
    run = str(trained(own_folders, data, epochs=12, batch_size=8).path)
    capsys.readouterr()
    assert main(["predict", run, data["path"], "--json"]) == 0
    answers = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert [answer["label"] in answer["input"] for answer in answers] == [True] * 30
    arrays = own_folders / "some.npz"
    np.savez(arrays, X=np.array([[[step, -step] for step in range(13)]]) / 12)
    assert main(["predict", run, str(arrays), "--json"]) == 0
    [answer] = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert (answer["label"], answer["input"].rsplit("/", 1)[-1]) == ("rising", "some.npz:1")


@pytest.mark.slow
def test_the_sample_is_forecast_better_than_by_its_last_value(own_folders: Path) -> None:
    run = make_run(own_folders, data=SAMPLE, architecture={"kind": "rnn"}, training={"device": "cpu", "threads": 1})
    ending = train_run(run)
    assert isinstance(ending, Finished)
    assert ending.metrics["test_relative_mae"] < 0.5


@pytest.mark.slow
def test_the_lstm_reads_digits_row_by_row(own_folders: Path) -> None:
    data = {"kind": "samples", "name": "digits"}
    run = make_run(own_folders, data=data, architecture={"kind": "rnn"}, training={"device": "cpu", "threads": 1})
    ending = train_run(run)
    assert isinstance(ending, Finished)
    assert ending.metrics["test_accuracy"] >= 0.95
