"""The main job through the window, from data to a prediction, with the real engine and the real trainer."""

import base64
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.person import Person, recipe_of
from tests.gui.signals import carried
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history

FASHION = Path("/usr/share/datasets/fashion-mnist")
RUNS_IN = ("own process", "worker thread")


def losses(folder: RunFolder) -> np.ndarray:
    return whole_history(folder)[0].scalars["training_loss"][1]


def a_test_image(person: Person, folder: RunFolder, place: Path) -> tuple[Path, str]:
    """Write an image of the test split as a PNG file, and return its path and label."""
    answer = person.window.behind.engine.ask("prediction.sample", {"run": str(folder.path), "number": 3})
    with person.qtbot.waitSignal(answer.answered, timeout=60_000) as waiter:
        pass
    path = place / "from-the-test-split.png"
    path.write_bytes(base64.b64decode(carried(waiter)["image"]))
    return path, carried(waiter)["label"]


def trained(person: Person, runs_in: str, **settings: Any) -> RunFolder:
    """Set the training through its form, train, and check on the way that points arrive while it trains."""
    person.goes_to("train")
    for name, value in {"runs_in": runs_in, **settings}.items():
        person.sets(f"form.training.{name.replace('__', '.')}", value)
    folder = person.starts()
    seen_live: list[int] = []
    follower = person.window.behind.follower
    follower.batch.connect(lambda _: seen_live.append(person.points() if person.train_page.state() == "running" else 0))
    assert person.waits_for_end() == "finished"
    assert any(seen_live), "no points were on the plot while it trained"
    assert person.points() == len(losses(folder))
    assert person.find("train.try").isVisible()
    return folder


def predicts_a_dropped_image(person: Person, folder: RunFolder, tmp_path: Path) -> str:
    person.waits(lambda: person.window.behind.trainings.live() == [])
    person.click("train.try")
    person.waits(lambda: person.find("try.run").currentData() == str(folder.path))
    path, truth = a_test_image(person, folder, tmp_path)
    person.waits(lambda: person.find("try.drop").isVisible())
    person.drops("try.drop", path)
    person.waits(lambda: person.find("try.label").text())
    assert truth
    return person.find("try.label").text()


@pytest.mark.parametrize("runs_in", RUNS_IN)
def test_the_digits_from_the_sample_to_a_prediction(
    runs_in: str, qtbot: QtBot, own_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    threads = watch_backward(monkeypatch) if runs_in == "worker thread" else []
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    folder = trained(
        person, runs_in, epochs=2, batch_size=32, optimizer="sgd", optimizer__learning_rate=0.05, schedule="constant"
    )
    training = recipe_of(folder)["training"]
    assert (training["epochs"], training["batch_size"], training["runs_in"]) == (2, 32, runs_in)
    assert (training["optimizer"]["kind"], training["optimizer"]["learning_rate"]) == ("sgd", 0.05)
    assert training["schedule"]["kind"] == "constant"
    assert predicts_a_dropped_image(person, folder, tmp_path) in set("0123456789")
    if runs_in == "worker thread":
        assert threads
        assert threading.main_thread().ident not in threads


@pytest.mark.slow
def test_closing_the_window_saves_what_its_thread_trains_and_it_can_go_on(qtbot: QtBot, own_folders: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    person.goes_to("train")
    person.sets("form.training.runs_in", "worker thread")
    person.sets("form.training.epochs", 500)
    folder = person.starts()
    person.waits(lambda: person.points() > 0)
    person.window.close()
    assert person.window.findChild(QPushButton, "window.keep") is None  # it cannot go on without the window
    person.find("window.stop").click()
    person.waits(lambda: not person.window.isVisible())
    history, state = whole_history(folder)
    assert state == "stopped"
    assert folder.best_model() is not None
    step = history.events[-1].step  # type: ignore[union-attr]

    again = Person(qtbot, own_folders / "runs")
    again.goes_to("runs")
    again.waits(lambda: again.find("runs.table").model().rowCount() == 1)
    again.window.workspace.runs.choose([folder.name])
    again.window.workspace.runs.acts["resume"].trigger()
    again.waits(lambda: again.train_page.progress().step > step)
    again.window.end("stop")
    again.waits(lambda: not again.window.isVisible())
    steps = whole_history(folder)[0].scalars["training_loss"][0]
    assert steps.tolist() == list(range(1, len(steps) + 1))


def watch_backward(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    import torch

    threads: list[int] = []
    backward = torch.Tensor.backward

    def watched(tensor: torch.Tensor, *given: Any, **named: Any) -> None:
        threads.append(threading.get_ident())
        backward(tensor, *given, **named)

    monkeypatch.setattr(torch.Tensor, "backward", watched)
    return threads


def test_both_ways_of_running_give_equal_losses(qtbot: QtBot, own_folders: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("digits")
    first, second = (trained(person, runs_in, epochs=12) for runs_in in RUNS_IN)
    assert first != second
    assert np.array_equal(losses(first), losses(second))


@pytest.mark.slow
def test_a_folder_of_idx_files_with_the_dcnn(qtbot: QtBot, own_folders: Path, tmp_path: Path):
    person = Person(qtbot, own_folders / "runs")
    person.drops("data.drop", small_idx(tmp_path / "bands"))
    person.waits_for_model()
    person.goes_to("model")
    person.chooses("model.preset", "DCNN 28×28")
    person.waits(lambda: person.window.behind.draft.parameters)
    folder = trained(person, "own process", epochs=2, batch_size=16, optimizer__learning_rate=0.003)
    recipe = recipe_of(folder)
    assert recipe["data"]["kind"] == "idx"
    assert recipe["architecture"]["widths"] == [32, 64]
    assert recipe["training"]["optimizer"]["learning_rate"] == 0.003
    _, truth = a_test_image(person, folder, tmp_path)
    assert predicts_a_dropped_image(person, folder, tmp_path) == truth


def small_idx(folder: Path) -> Path:
    """Write 300 pictures of a bright band at one of three heights, as the MNIST family's files."""
    from workbench.data.idx import write_idx

    random = np.random.default_rng(0)
    for stem, count in (("train", 240), ("t10k", 60)):
        labels = np.arange(count) % 3
        images = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[9 * label : 9 * label + 9] += 180
        folder.mkdir(exist_ok=True)
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels)
    return folder


@pytest.mark.slow
def test_the_reviews_from_the_sample_to_a_typed_text(qtbot: QtBot, own_folders: Path):
    person = Person(qtbot, own_folders / "runs")
    person.opens_sample("reviews")
    folder = trained(person, "own process", epochs=4, optimizer__learning_rate=0.003)
    person.click("train.try")
    person.waits(lambda: person.find("try.run").currentData() == str(folder.path))
    person.waits(lambda: person.find("try.text").isVisible())
    person.sets("try.text", "Excellent, it works very well and I love it.")
    person.click("try.predict")
    person.waits(lambda: person.find("try.label").text())
    assert person.find("try.label").text() == "positive"


@pytest.mark.slow
@pytest.mark.parametrize("runs_in", RUNS_IN)
def test_fashion_mnist_from_its_folder_to_a_prediction(runs_in: str, qtbot: QtBot, own_folders: Path, tmp_path: Path):
    if not FASHION.is_dir():
        pytest.skip(f"Fashion-MNIST is not at {FASHION}")
    person = Person(qtbot, own_folders / "runs")
    person.drops("data.drop", FASHION)
    person.waits_for_model()
    person.goes_to("model")
    person.chooses("model.preset", "DCNN 28×28")
    folder = trained(person, runs_in, epochs=1, batch_size=256, optimizer="adamw", optimizer__learning_rate=0.002)
    training = recipe_of(folder)["training"]
    assert (training["epochs"], training["batch_size"], training["optimizer"]["learning_rate"]) == (1, 256, 0.002)
    _, truth = a_test_image(person, folder, tmp_path)
    assert predicts_a_dropped_image(person, folder, tmp_path) == truth


TORCHLESS = """
import sys
from pathlib import Path
import pytest

def test_it(qtbot, tmp_path):
    from tests.gui.person import Person
    person = Person(qtbot, tmp_path / "runs")
    person.opens_sample("digits")
    for page in ("data", "model", "train", "runs", "try", "share"):
        person.goes_to(page)
        qtbot.wait(50)
    person.goes_to("train")
    person.sets("form.training.epochs", 1)
    person.starts()
    assert person.waits_for_end() == "finished"
    person.click("train.try")
    person.waits(lambda: person.find("try.sample").isEnabled() and person.find("try.sample").isVisible())
    person.click("try.sample")
    person.waits(lambda: person.find("try.label").text())
    heavy = {"torch", "polars", "sklearn", "scipy", "transformers"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_the_process_of_the_window_never_imports_torch(tmp_path: Path):
    root = Path(__file__).parents[2]
    (tmp_path / "test_it.py").write_text(TORCHLESS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\nfrom tests.gui.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_it.py")]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-2000:]
