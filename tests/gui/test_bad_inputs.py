"""The ten bad inputs in the window: what a person reads, and that everything else goes on as before."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests import bad_inputs, folders, trained
from tests.gui.pages.test_try_page import panel
from tests.gui.person import Person
from tests.training.runs import make_run
from workbench.core.run_folder import RunFolder, all_runs
from workbench.gui.pages.data_check import Finding, ListDialog
from workbench.gui.widgets.banner import Banner


@pytest.fixture(scope="module")
def finished(session_folders: Path) -> RunFolder:
    return trained.digits_run(session_folders / "bad-inputs")


@pytest.fixture
def runs(own_folders: Path, finished: RunFolder) -> Path:
    """Return a folder of runs in which one has a model."""
    shutil.copytree(finished.path, own_folders / "runs" / finished.name)
    return own_folders / "runs"


def said(person: Person) -> str:
    """Return what the banners of the page that is open say."""
    page = person.window.workspace.pages[person.window.workspace.current()]
    return "\n".join(banner.text for banner in page.findChildren(Banner) if banner.isVisible())


def test_data_that_cannot_be_trained_on(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    before = dict(person.window.behind.draft.summary)
    for number, (make, words) in enumerate(NO_DATA):
        path = make(tmp_path / str(number))
        kept = bad_inputs.contents(tmp_path)
        person.drops("data.drop", path)
        person.waits(lambda words=words: words[0] in said(person))
        assert all(part in said(person) for part in words), said(person)
        assert person.find("data.preview").isVisible(), "the digits are still there"
        assert person.window.behind.draft.summary == before
        assert bad_inputs.contents(tmp_path) == kept
    assert not list(tmp_path.rglob("escaped.png"))
    person.goes_to("train")
    person.waits(lambda: person.find("train.start").isEnabled())
    assert said(person) == ""


NO_DATA: list[tuple[Callable[[Path], Path], tuple[str, ...]]] = [
    (bad_inputs.empty_folder, ("The folder empty is empty.", "What works: images in one folder per class")),
    (bad_inputs.one_class, ("There is only one class, circle", "Add samples of at least one more class.")),
    (bad_inputs.escaping_zip, ("../escaped.png points outside of it.", "Unpack it yourself if you trust it")),
    (lambda place: place / "gone", ("gone does not exist.", "Choose another file or folder.")),
]


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (bad_inputs.text_named_png, "circle/notes.png", "It is not an image of a known format."),
        (bad_inputs.truncated_jpeg, "square/square_0003.jpg", "It ends too early."),
    ],
)
def test_a_file_that_cannot_be_read(
    make: Callable[[Path], Path], name: str, reason: str, qtbot: QtBot, runs: Path, tmp_path: Path
):
    data = make(tmp_path)
    person = Person(qtbot, runs)
    person.drops("data.drop", data)
    person.waits_for_model()
    findings = [finding.accessibleName() for finding in person.find("data.problems").findChildren(Finding)]
    assert any("is skipped" in finding for finding in findings), findings
    show = person.find("data.problems").findChildren(QPushButton)
    next(button for button in show if "is skipped" in button.accessibleName()).click()
    dialog = person.window.findChild(ListDialog)
    assert isinstance(dialog, ListDialog)
    lines = dialog.list
    assert [lines.item(row).text() for row in range(lines.count())] == [f"{name}: {reason}"]
    dialog.close()
    person.goes_to("try")
    person.waits(lambda: person.find("try.drop").isVisible())
    person.drops("try.drop", data / name)
    person.waits(lambda: reason in panel(person.window.workspace.try_it).result.message.text())
    assert "PNG, JPEG" in panel(person.window.workspace.try_it).result.message.text()
    person.click("try.sample")
    person.waits(lambda: person.find("try.label").text())


def test_nothing_to_predict(qtbot: QtBot, runs: Path, tmp_path: Path):
    person = Person(qtbot, runs)
    person.goes_to("try")
    person.waits(lambda: person.find("try.drop").isVisible())
    person.drops("try.drop", bad_inputs.empty_folder(tmp_path))
    person.waits(lambda: "There is no image in" in said(person))
    assert "Images are files that end in" in said(person)
    person.click("try.sample")
    person.waits(lambda: person.find("try.label").text())
    assert said(person) == ""


def test_a_recipe_with_a_misspelt_key(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    data = folders.image_folder(tmp_path / "mine", bad_inputs.CLASSES, 10)
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    epochs = person.find("form.training.epochs").text()
    person.drops("data.drop", bad_inputs.recipe_file(tmp_path, data, "epoch = 3"))
    person.waits(lambda: said(person))
    assert said(person) == "There is no setting training.epoch. Did you mean epochs?"
    assert person.window.behind.draft.data["name"] == "digits"
    assert person.find("form.training.epochs").text() == epochs
    person.drops("data.drop", bad_inputs.recipe_file(tmp_path, data, "epochs = 3"))
    person.waits(lambda: person.window.behind.draft.data.get("kind") == "image_folder")
    assert person.find("form.training.epochs").text() == "3"
    assert said(person) == ""


def test_zero_epochs(qtbot: QtBot, own_folders: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    person.goes_to("train")
    person.waits(lambda: person.find("train.start").isEnabled())
    person.sets("form.training.epochs", 0)
    person.waits(lambda: not person.find("train.start").isEnabled())
    assert person.find("train.start").toolTip() == "Mend the settings that are marked first."
    complaint = person.find("train.form").errors()["epochs"]
    assert "At least 1" in complaint
    person.sets("form.training.epochs", 2)
    person.waits(lambda: person.find("train.start").isEnabled())


@pytest.mark.slow
def test_data_that_were_deleted(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    data = folders.image_folder(tmp_path / "mine", bad_inputs.CLASSES, 10)
    person = Person(qtbot, own_folders / "runs")
    person.drops("data.drop", data)
    person.waits_for_model()
    person.goes_to("train")
    person.sets("form.training.epochs", 1)
    folder = person.starts()
    assert person.waits_for_end() == "finished"
    person.waits(lambda: person.window.behind.trainings.live() == [])
    data.rename(tmp_path / "moved")
    models = bad_inputs.contents(folder.models)
    person.train_page.buttons.more_pressed.emit(1)
    person.waits(lambda: "no longer at" in said(person))
    assert f"The data of {folder.name} are no longer at {data}." in said(person)
    assert "Put them back there, then resume." in said(person)
    assert bad_inputs.contents(folder.models) == models
    person.waits(lambda: person.window.behind.trainings.live() == [])
    person.goes_to("try")
    person.waits(lambda: person.find("try.sample").isVisible())
    person.click("try.sample")
    person.waits(lambda: "no longer at" in said(person))
    assert "Say where they are now: Locate…" in said(person)
    person.drops("try.drop", next((tmp_path / "moved").rglob("*.png")))
    person.waits(lambda: person.find("try.label").text())
    (tmp_path / "moved").rename(data)
    person.goes_to("train")
    person.click("train.resume")
    person.waits(lambda: person.train_page.state() == "finished")


def test_a_run_without_a_model(qtbot: QtBot, runs: Path, finished: RunFolder):
    queued = make_run(runs)
    (runs / "no-run").mkdir()
    person = Person(qtbot, runs)
    person.waits(lambda: person.window.behind.runs.row(queued.name))
    person.goes_to("try")
    chooser = person.find("try.run")
    person.waits(lambda: chooser.count())
    assert [chooser.itemData(place) for place in range(chooser.count())] == [str(runs / finished.name)]
    person.goes_to("runs")
    person.window.workspace.runs.choose([queued.name])
    assert not person.find("runs.try").isEnabled()
    assert "model" in person.find("runs.try").toolTip()
    person.goes_to("try")
    person.waits(lambda: person.find("try.sample").isVisible())
    shutil.rmtree(runs / finished.name / "models")
    person.click("try.sample")  # before the list of runs has looked again
    person.waits(lambda: "has no model yet" in said(person))
    assert "Train this run, or choose another one." in said(person)


@pytest.mark.slow
def test_runs_in_a_place_that_cannot_be_written_to(qtbot: QtBot, tmp_path: Path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")  # below a file not even root can write
    runs = tmp_path / "file" / "runs"
    person = Person(qtbot, runs)
    person.opens_sample("digits")
    person.goes_to("train")
    person.waits(lambda: person.find("train.start").isEnabled())
    person.click("train.start")
    person.waits(lambda: said(person))
    assert said(person).startswith(f"The folder of runs {runs} cannot be written to: ")
    assert "Choose another folder with --runs" in said(person)
    (tmp_path / "file").unlink()
    assert person.find("train.start").isEnabled(), "it can be tried again at once"
    person.sets("form.training.epochs", 1)
    person.starts()
    assert person.waits_for_end() == "finished"
    assert len(all_runs(runs)) == 1
