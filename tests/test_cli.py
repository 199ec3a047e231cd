import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import folders, trained
from tests.training.runs import make_run
from workbench.cli import main
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_reader import whole_history
from workbench.data import open_data
from workbench.inference.model_folder import model_of, read_description
from workbench.recipe import read_recipe

SMALL = """
[data]
kind = "samples"
validation = 0.45
test = 0.45
[architecture]
kind = "convnet"
widths = [4, 8]
hidden = [16]
[training]
epochs = 2
batch_size = 32
threads = 1
device = "cpu"
"""

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def digits_run(session_folders: Path) -> RunFolder:
    return trained.digits_run(session_folders / "runs")


@pytest.fixture(scope="session")
def texts_run(session_folders: Path) -> RunFolder:
    return trained.texts_run(session_folders / "runs", folders.text_table(session_folders / "cli.csv", 60))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command line here and returns exit code, output and errors."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def image(digits_run: RunFolder, tmp_path: Path) -> Path:
    pixels = open_data(read_recipe(digits_run.recipe).data).test.rows(np.array([0]))[0]
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def last_json(output: str) -> dict[str, Any]:
    return json.loads(output.splitlines()[-1])


def test_training_shows_epochs_and_says_how_to_go_on(command: Command, recipe: Path, own_folders: Path) -> None:
    code, output, errors = command("train", recipe)
    assert code == 0, errors
    [folder] = all_runs(own_folders / "runs")
    assert "Epoch 2 of 2" in output
    assert f"workbench predict {folder.name} image.png" in output
    assert read_recipe(folder.recipe).training.epochs == 2


def test_training_as_json(command: Command, recipe: Path, tmp_path: Path) -> None:
    arguments = ("--set", "training.epochs=1", "--device", "cpu", "--runs", tmp_path / "elsewhere", "--json")
    code, output, _ = command("train", recipe, *arguments)
    found = last_json(output)
    assert code == 0
    assert len(output.splitlines()) == 1
    assert Path(found["run"]).parent == tmp_path / "elsewhere"
    assert found["outcome"] == "finished"
    assert {"validation_loss", "validation_accuracy", "test_accuracy"} <= set(found["metrics"])
    assert found["steps"] == 6
    assert found["seconds"] > 0
    assert found["samples_per_second"] > 0


def test_a_run_folder_is_started_and_gone_on_with(command: Command, recipe: Path, tmp_path: Path) -> None:
    place = tmp_path / "my run"
    assert command("train", recipe, "--run", place, "--json")[0] == 0
    again = ("train", recipe, "--run", place, "--device", "auto", "--set", "training.epochs=3", "--json")
    code, output, errors = command(*again)
    assert code == 0, errors
    assert last_json(output)["run"] == str(place)
    assert last_json(output)["steps"] == 18
    assert RunFolder(place).attempts() == [1, 2]


def test_a_run_folder_is_not_gone_on_with_by_another_recipe(command: Command, recipe: Path, tmp_path: Path) -> None:
    place = tmp_path / "my run"
    assert command("train", recipe, "--run", place, "--set", "training.epochs=1")[0] == 0
    other = tmp_path / "other.toml"
    other.write_text(recipe.read_text().replace("[4, 8]", "[4, 4]"))
    code, _, errors = command("train", other, "--run", place)
    assert code == 1
    assert "architecture.widths cannot change within a run" in errors
    other.write_text(recipe.read_text().replace("epochs = 2", "epochs = 3"))
    code, output, _ = command("train", other, "--run", place, "--json")
    assert (code, last_json(output)["steps"]) == (0, 18)


def test_resume_gives_more_epochs_after_checking_what_is_saved(
    command: Command, recipe: Path, own_folders: Path
) -> None:
    command("train", recipe)
    [folder] = all_runs(own_folders / "runs")
    code, output, errors = command("resume", folder.name, "--verify", "--steps", "2", "--json")
    assert code == 0, errors
    assert "are sound" in errors
    assert last_json(output)["identical"] is True
    assert RunFolder(folder.path).attempts() == [1], "to verify writes nothing into the run"
    code, output, errors = command("resume", folder.name, "--set", "training.epochs=3", "--json")
    assert code == 0, errors
    assert last_json(output)["steps"] == 18
    [weights] = [path / "model.safetensors" for path in folder.newest_checkpoints()][:1]
    for checkpoint in folder.newest_checkpoints():
        (checkpoint / weights.name).write_bytes(b"")
    code, _, errors = command("resume", folder.path, "--verify")
    assert code == 1
    assert "No checkpoint" in errors


def test_a_setting_that_cannot_change_leaves_the_run_as_it_was(
    command: Command, recipe: Path, own_folders: Path
) -> None:
    command("train", recipe)
    [folder] = all_runs(own_folders / "runs")
    code, _, errors = command("resume", folder.name, "--set", "training.batch_size=8")
    assert code == 1
    assert "training.batch_size cannot change" in errors
    assert whole_history(folder)[1] == "finished"


def test_runs_are_listed(command: Command, digits_run: RunFolder, own_folders: Path) -> None:
    assert "There are no runs" in command("runs")[1]
    make_run(own_folders / "runs")
    shutil.copytree(digits_run.path, own_folders / "runs" / "2000-01-01_000000_old_abcd")
    _, output, _ = command("runs")
    assert [line.split()[0] for line in output.splitlines()] == ["State", "finished", "queued"]
    assert "validation accuracy" in output
    assert "2000-01-01_000000_old_abcd" in output
    found = last_json(command("runs", "--json")[1])["runs"]
    assert [run["state"] for run in found] == ["finished", "queued"]


def test_predictions_have_the_promised_fields(command: Command, digits_run: RunFolder, image: Path) -> None:
    code, output, _ = command("predict", digits_run.path, image, "--top", "3", "--json")
    [found] = last_json(output)["predictions"]
    assert code == 0
    assert found["input"] == str(image)
    assert found["top"][0] == {"label": found["label"], "score": found["score"]}
    assert len(found["top"]) == 3
    shown = command("predict", digits_run.path, image)[1].splitlines()
    assert shown[0].split() == [f"{found['score']:.2%}", found["label"]]


def test_what_cannot_be_read_is_named_and_the_rest_is_predicted(
    command: Command, digits_run: RunFolder, image: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "text.png"
    bad.write_text("hello", encoding="utf-8")
    code, output, errors = command("predict", digits_run.path, bad, image)
    assert code == 0
    assert str(image) in output
    assert f"{bad}: It is not an image" in errors
    code, output, errors = command("predict", digits_run.path, bad, "--json")
    assert code == 1
    assert "not an image" in last_json(output)["predictions"][0]["error"]
    assert "not an image" in errors


def test_a_text_may_come_from_standard_input(
    command: Command, texts_run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "input"
    source.write_text("broke at once and smells bad", encoding="utf-8")
    with source.open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        code, output, _ = command("predict", texts_run.path, "-", "--json")
    assert code == 0
    assert last_json(output)["predictions"][0]["label"] == "negative"


def test_a_table_may_come_from_standard_input(
    command: Command, own_folders: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recipe, source = tmp_path / "iris.toml", tmp_path / "input"
    recipe.write_text('[data]\nkind = "samples"\nname = "iris"\n[training]\nepochs = 1\n')
    assert command("train", recipe)[0] == 0
    [run] = all_runs(own_folders / "runs")
    columns = [column["name"] for column in read_description(model_of(run))["preprocessing"]["columns"]]
    source.write_text(",".join(columns) + "\n" + ",".join("1" for _ in columns) + "\n", encoding="utf-8")
    with source.open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        code, output, errors = command("predict", run.path, "-", "--json")
    assert code == 0, errors
    assert "label" in last_json(output)["predictions"][0]
    code, _, errors = command("evaluate", run.path, "--data", tmp_path)
    assert code == 1
    assert "come with this program" in errors


def test_a_run_is_evaluated(command: Command, digits_run: RunFolder, texts_run: RunFolder, tmp_path: Path) -> None:
    code, output, _ = command("evaluate", digits_run.path)
    assert code == 0
    assert "test accuracy" in output
    assert "Precision" in output
    found = last_json(command("evaluate", digits_run.path, "--json")[1])
    assert found["metrics"]["test_accuracy"] == found["splits"]["test"]["metrics"]["accuracy"]
    table = folders.text_table(tmp_path / "moved.csv", 60)
    assert command("evaluate", texts_run.path, "--data", table, "--json")[0] == 0


def test_a_network_is_described_with_and_without_its_data(command: Command, recipe: Path) -> None:
    given = last_json(command("describe", recipe, "--inputs", "3,32,32", "--outputs", "7", "--json")[1])
    assert given["inputs"]["shape"] == [3, 32, 32]
    assert given["outputs"] == 7
    assert given["parameters"] == sum(layer["parameters"] for layer in given["layers"])
    assert {"name", "kind", "output", "parameters", "flops"} == set(given["layers"][0])
    assert last_json(command("describe", recipe, "--json")[1])["inputs"]["shape"] == [1, 8, 8]
    assert "parameters" in command("describe", recipe)[1]
    texts = (
        "--set",
        "data.name='reviews'",
        "--set",
        "architecture.kind='textcnn'",
        "--inputs",
        "20,500",
        "--outputs",
        "2",
    )
    assert last_json(command("describe", recipe, *texts, "--json")[1])["inputs"]["vocabulary"] == 500


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "{recipe}", "--set", "training.epoch=3"), "Did you mean epochs?"),
        (("train", "{recipe}", "--set", "training.epochs=0"), "training.epochs must be at least 1"),
        (("train", "{recipe}", "--set", "rubbish"), "rubbish does not set anything"),
        (("train", "{recipe}", "--set", "training=3"), "training is a group of settings, not a value"),
        (("train", "{recipe}", "--set", "training.batch_size=-1"), "at least 1, but is -1.\n"),
        (("train", "{recipe}", "--run", "{recipe}"), "is a file, and not a run"),
        (("doctor", "--bundle", "{recipe}"), "is there already"),
        (("tokens", "add", "ana", "--file", "{recipe}"), "is not a list of tokens"),
        (("train", "{recipe}", "--set", "data.kind=image_folder", "--set", "data.path=/gone"), "/gone"),
        (("train", "{recipe}", "--set", "architecture.kind=textcnn"), "does not fit these data"),
        (("train", "nothing.toml"), "cannot be read"),
        (("train", "{recipe}", "--device", "cuda:77"), "cuda:77"),
        (("resume", "nothing"), "There is no run called nothing"),
        (("predict", "{empty}", "x.png"), "has no model yet"),
        (("evaluate", "{empty}"), "has no model yet"),
        (("predict", "{folder}", "x.png"), "is not a run"),
        (("predict", "{run}", "gone.png"), "gone.png does not exist"),
        (("evaluate", "{run}", "--device", "nonsense"), "nonsense"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    command: Command, digits_run: RunFolder, recipe: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    empty = make_run(tmp_path / "queued")
    places = {"recipe": recipe, "empty": empty.path, "run": digits_run.path, "folder": tmp_path}
    code, _, errors = command(*(argument.format(**places) for argument in arguments))
    assert code == 1
    assert words in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("resume", "{recipe}", "--steps", "3"),
        ("train", "{recipe}", "--device", "quantum"),
        ("train", "{recipe}", "--run", "a", "--runs", "b"),
        ("nonsense",),
        ("predict", "run"),
        ("predict", "run", "x", "--top", "0"),
        ("describe", "{recipe}", "--inputs", "3,8,8"),
        ("describe", "{recipe}", "--inputs", "3,8", "--outputs", "2"),
        ("runs", "--nonsense"),
    ],
)
def test_wrong_usage_ends_with_2(command: Command, recipe: Path, arguments: tuple[str, ...]) -> None:
    code, output, errors = command(*(argument.format(recipe=recipe) for argument in arguments))
    assert code == 2
    assert output == ""
    assert errors


def test_a_misspelt_recipe_names_the_nearest_setting(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[training]\nepoch = 3\n", encoding="utf-8")
    assert "Did you mean epochs?" in command("train", path)[2]
    path.write_text("[training\n", encoding="utf-8")
    assert "is not a recipe in TOML" in command("train", path)[2]


def test_a_folder_of_runs_that_cannot_be_written_to_is_named(command: Command, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # a place that not even root can write below
    code, _, errors = command("train", recipe, "--runs", tmp_path / "file" / "runs")
    assert code == 1
    assert "cannot be written to" in errors


def test_the_unexpected_is_a_sentence_and_debug_shows_the_rest(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("workbench.commands.listing.all_runs", fail)
    code, _, errors = command("runs")
    assert code == 1
    assert errors.splitlines() == ["Something unexpected went wrong: ZeroDivisionError: oh. Add --debug to see where."]
    assert "Traceback" in command("runs", "--debug")[2]


def test_a_run_that_may_not_be_written_to_is_named(
    command: Command, digits_run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/runs/mine/lock")

    monkeypatch.setattr("workbench.core.run_lock.take", refuse)
    code, _, errors = command("resume", digits_run.path)
    assert code == 1
    assert errors.startswith("/runs/mine/lock cannot be used: Permission denied.")


def test_without_a_display_it_is_said_what_can_be_done(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.commands.system.has_display", lambda: False)
    code, _, errors = command()
    assert code == 2
    assert "workbench --demo" in errors


def test_without_a_display_the_demo_trains_in_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch, recipe: Path, own_folders: Path
) -> None:
    monkeypatch.setattr("workbench.commands.system.has_display", lambda: False)
    monkeypatch.setattr("workbench.commands.window.demo_recipe", lambda: recipe)
    code, output, errors = command("--demo")
    assert code == 0, errors
    [folder] = all_runs(own_folders / "runs")
    assert f"workbench predict {folder.name}" in output


def test_help_and_lists_do_without_torch() -> None:
    program = (
        "import sys; from workbench.cli import main;"
        "codes = [main([*arguments]) for arguments in (['--help'], ['runs'], ['doctor', '-h'], ['train', '-h'])];"
        "print(codes, sorted({'torch', 'polars', 'sklearn', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[0, 0, 0, 0] []"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a whole group there")
def test_ctrl_c_stops_and_keeps_everything(recipe: Path, own_folders: Path) -> None:
    arguments = ["train", str(recipe), "--set", "training.epochs=100000", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments], stdout=subprocess.PIPE, text=True
    ) as trainer:
        try:
            end = time.monotonic() + 60
            while not list((own_folders / "runs").glob("*/attempts/001/scalars/training_loss.bin")):
                assert trainer.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            trainer.send_signal(signal.SIGINT)
            output, _ = trainer.communicate(timeout=60)
        finally:
            trainer.kill()
    assert trainer.returncode == 130
    found = last_json(output)
    assert found["outcome"] == "stopped"
    folder = RunFolder(Path(found["run"]))
    assert whole_history(folder)[1] == "stopped"
    assert folder.newest_checkpoints()
    assert folder.best_model()


def test_a_model_is_exported_and_compared(command: Command, digits_run: RunFolder, tmp_path: Path) -> None:
    code, output, errors = command("export", digits_run.path, "--to", "onnx", "--out", tmp_path / "onnx", "--json")
    assert code == 0, errors
    found = last_json(output)
    assert found["difference"] < 1e-4
    assert found["batches"] == [1, 2, 5]
    assert (tmp_path / "onnx" / "model.onnx").is_file()
    assert command("export", digits_run.path, "--to", "onx", "--out", tmp_path / "again")[0] == 1
