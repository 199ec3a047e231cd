"""The ten bad inputs on the command line: one clear sentence with a next step, and nothing lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import bad_inputs, folders
from tests.training.runs import make_run
from workbench.cli import main
from workbench.core.run_folder import RunFolder, all_runs
from workbench.core.run_reader import whole_history

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command line here and returns exit code, output and errors."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return run


@pytest.fixture
def runs(own_folders: Path) -> Path:
    return own_folders / "runs"


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders.image_folder(tmp_path_factory.mktemp("good") / "shapes", bad_inputs.CLASSES, 10)


@pytest.fixture
def trained(command: Command, runs: Path, tmp_path: Path) -> RunFolder:
    """Return a finished run on images that lie in tmp_path/mine."""
    data = folders.image_folder(tmp_path / "mine", bad_inputs.CLASSES, 10)
    code, _, errors = command("train", bad_inputs.recipe_file(tmp_path, data))
    assert code == 0, errors
    return all_runs(runs)[0]


def refused(command: Command, *arguments: str | Path) -> str:
    """Return what is said about input that cannot be used: one line on standard error, exit code 1."""
    code, _, errors = command(*arguments)
    assert code == 1
    assert len(errors.splitlines()) == 1, errors
    return errors.strip()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bad_inputs.empty_folder, ("The folder empty is empty.", "What works: images in one folder per class")),
        (bad_inputs.one_class, ("There is only one class, circle", "Add samples of at least one more class.")),
        (
            bad_inputs.escaping_zip,
            ("slip.zip is refused: its member ../escaped.png points outside of it.", "Unpack it yourself"),
        ),
        (lambda place: place / "gone", ("gone does not exist.", "Choose another file or folder.")),
    ],
)
def test_data_that_cannot_be_trained_on(
    make: Callable[[Path], Path], words: tuple[str, ...], command: Command, runs: Path, tmp_path: Path
) -> None:
    recipe = bad_inputs.recipe_file(tmp_path, make(tmp_path / "data"))
    before = bad_inputs.contents(tmp_path)
    said = refused(command, "train", recipe)
    assert all(part in said for part in words), said
    assert all_runs(runs) == [], "a run that never began is not left in the list"
    assert bad_inputs.contents(tmp_path) == before
    assert not (tmp_path.parent / "escaped.png").exists()


def test_a_run_that_could_not_begin_stays_where_someone_asked_for_it(command: Command, tmp_path: Path) -> None:
    recipe = bad_inputs.recipe_file(tmp_path, bad_inputs.empty_folder(tmp_path))
    assert command("train", recipe, "--run", tmp_path / "mine")[0] == 1
    assert whole_history(RunFolder(tmp_path / "mine"))[1] == "failed"


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (bad_inputs.text_named_png, "circle/notes.png", "It is not an image of a known format."),
        (bad_inputs.truncated_jpeg, "square/square_0003.jpg", "It ends too early."),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_left_out(
    make: Callable[[Path], Path], name: str, reason: str, command: Command, trained: RunFolder, tmp_path: Path
) -> None:
    data = make(tmp_path / "data")
    code, output, errors = command("train", bad_inputs.recipe_file(tmp_path, data))
    assert code == 0, errors
    assert f"{name} is left out: {reason}" in output
    said = command("predict", trained.path, data / name)
    assert said[0] == 1
    assert said[2].splitlines() == [
        f"{data / name}: {reason}",
        "Choose other images: PNG, JPEG, WebP, BMP, TIFF or GIF.",
    ]


@pytest.mark.parametrize("make", [bad_inputs.empty_folder, lambda place: place / "gone"])
def test_nothing_to_predict(make: Callable[[Path], Path], command: Command, trained: RunFolder, tmp_path: Path) -> None:
    said = refused(command, "predict", trained.path, make(tmp_path / "data"))
    assert "There is no image in" in said or "does not exist. Give a file or a folder." in said


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ("epoch = 3", "There is no setting training.epoch. Did you mean epochs?"),
        ("epochs = 0", "training.epochs must be at least 1, but is 0."),
    ],
)
def test_a_recipe_that_cannot_be_followed(
    training: str, words: str, command: Command, shapes: Path, runs: Path, tmp_path: Path
) -> None:
    recipe = bad_inputs.recipe_file(tmp_path, shapes, training)
    assert refused(command, "train", recipe) == words
    assert refused(command, "describe", recipe) == words
    assert not runs.exists()


def test_zero_epochs_leave_a_run_as_it_was(command: Command, trained: RunFolder) -> None:
    before = bad_inputs.contents(trained.path)
    assert "training.epochs must be at least 1" in refused(
        command, "resume", trained.path, "--set", "training.epochs=0"
    )
    assert bad_inputs.contents(trained.path) == before


def test_a_run_whose_data_were_deleted(command: Command, trained: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "mine").rename(tmp_path / "moved")
    before = bad_inputs.contents(trained.path)
    said = refused(command, "resume", trained.path, "--set", "training.epochs=2")
    assert f"The data of {trained.name} are no longer at {tmp_path / 'mine'}." in said
    assert "Put them back there, then resume." in said
    assert bad_inputs.contents(trained.path) == before, "a finished run does not turn into a failed one"
    assert "--data PATH" in refused(command, "evaluate", trained.path)
    assert command("evaluate", trained.path, "--data", tmp_path / "moved")[0] == 0
    assert command("predict", trained.path, tmp_path / "moved")[0] == 0


def test_a_run_without_a_model(command: Command, runs: Path, tmp_path: Path, shapes: Path) -> None:
    queued = make_run(runs)
    for arguments in (("predict", queued.name, shapes), ("evaluate", queued.name)):
        said = refused(command, *arguments)
        assert said == f"{queued.name} has no model yet. A model is kept after the first epoch. " + (
            "Train this run, or choose another one."
        )
    assert "is not a run: it has no recipe" in refused(command, "predict", tmp_path, shapes)


def test_runs_in_a_place_that_cannot_be_written_to(command: Command, shapes: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")  # below a file not even root can write
    recipe = bad_inputs.recipe_file(tmp_path, shapes)
    said = refused(command, "train", recipe, "--runs", tmp_path / "file" / "runs")
    assert said.startswith(f"The folder of runs {tmp_path / 'file' / 'runs'} cannot be written to: ")
    assert "Choose another folder with --runs" in said
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
