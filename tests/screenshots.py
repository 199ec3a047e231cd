"""Draws every page of the real window over bundled data: `python -m tests.screenshots [--out FOLDER]`.

Light, dark and Chinese, into FOLDER/<page>-<look>.png; --size 1024x640 for another size. A screen of high resolution is
QT_SCALE_FACTOR=2 in the environment.
"""

import argparse
import gzip
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_ROOT = tempfile.TemporaryDirectory(prefix="workbench-screenshots-")
for _name in ("RUNS", "CACHE", "STATE"):
    os.environ[f"WORKBENCH_{_name}"] = str(Path(_ROOT.name) / _name.lower())

import numpy as np
from PIL import Image
from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from workbench.core import paths
from workbench.core.run_reader import LIVE
from workbench.gui.app import make_window
from workbench.gui.main_window import MainWindow
from workbench.gui.workspace import Workspace

LOOKS = {"light": ("light", "en"), "dark": ("dark", "en"), "chinese": ("light", "zh_CN")}


class Photographer:
    """Drives one window and keeps pictures of it."""

    def __init__(self, out: Path, width: int, height: int) -> None:
        self.out = out
        self.window: MainWindow = make_window(paths.runs())
        self.window.resize(width, height)
        self.window.show()
        out.mkdir(parents=True, exist_ok=True)

    @property
    def workspace(self) -> Workspace:
        """The pages, which are other ones after a change of language."""
        return self.window.workspace

    def find(self, name: str) -> QWidget:
        """Return the widget of this object name."""
        found = self.window.findChild(QWidget, name)
        assert isinstance(found, QWidget), f"there is no {name}"
        return found

    def press(self, name: str) -> None:
        """Press the button of this object name."""
        QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton)

    def type_into(self, name: str, text: str) -> None:
        """Type a new text into the field of this object name."""
        field = self.find(name)
        assert isinstance(field, QLineEdit | QPlainTextEdit)
        field.selectAll()
        QTest.keyClicks(field, text)

    def until(self, what: Callable[[], object], seconds: float = 180) -> None:
        """Wait until `what` holds."""
        end = monotonic() + seconds
        while not what():
            assert monotonic() < end, "waited too long"
            QTest.qWait(20)

    def rest(self, milliseconds: int = 400) -> None:
        """Let animations and answers arrive."""
        timer = QElapsedTimer()
        timer.start()
        while timer.elapsed() < milliseconds:
            QTest.qWait(20)

    def shoot(self, name: str) -> None:
        """Keep a picture of the window."""
        self.rest()
        path = self.out / f"{name}.png"
        self.window.grab().save(str(path))
        sys.stdout.write(f"{path}\n")

    def state(self) -> str:
        return self.workspace.train.state()


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--looks", nargs="*", default=list(LOOKS))
    chosen = parser.parse_args()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    width, height = map(int, chosen.size.split("x"))
    photographer = Photographer(chosen.out, width, height)
    try:
        for number, look in enumerate(chosen.looks):
            theme, language = LOOKS[look]
            photographer.window.use_theme(theme)
            photographer.window.use_language(language)
            photographer.rest()
            if number == 0:
                first_steps(photographer, f"-{look}")
            for page in ALWAYS:
                page(photographer, f"-{look}")
    finally:
        window = photographer.window
        window.end("stop")
        photographer.until(window.is_quiet, 30)
        window.deleteLater()
        application.processEvents()


def first_steps(at: Photographer, look: str) -> None:
    """Empty pages, and a training while it goes on; it leaves two runs of digits and one of reviews."""
    window = at.window
    at.until(lambda: window.findChild(QWidget, "form.training.epochs"))
    for page in ("data", "model", "train", "runs", "try", "share"):
        at.workspace.go(page)
        at.shoot(f"{page}-empty{look}")
    open_sample(at, "reviews")
    at.workspace.go("train")
    at.type_into("form.training.epochs", "6")
    train(at)
    open_sample(at, "digits")
    at.workspace.go("train")
    at.type_into("form.training.epochs", "12")
    at.type_into("form.training.optimizer.learning_rate", "0.002")
    train(at)
    at.type_into("form.training.epochs", "40")
    at.type_into("form.training.optimizer.learning_rate", "0.003")
    at.press("train.start")
    at.until(lambda: at.state() in LIVE)
    at.until(lambda: at.workspace.train.progress().epoch >= 14 or at.state() not in LIVE)
    at.shoot(f"train-running{look}")
    finish(at)
    other_kinds(at)


def other_kinds(at: Photographer) -> None:
    """Leave a run of each further kind of data, the longer ones cut short, and of a few ready-made recipes."""
    for name in OTHERS:
        at.workspace.go("data")
        if name.endswith(".toml"):
            at.workspace.open_recipe(str(paths.resources() / "examples" / name))
            at.rest(1500)
        else:
            open_sample(at, name)
        at.workspace.go("train")
        if OTHERS[name]:
            at.type_into("form.training.steps", OTHERS[name])
        train(at)


def train(at: Photographer) -> None:
    at.until(lambda: at.find("train.start").isEnabled())
    at.press("train.start")
    finish(at)


def finish(at: Photographer) -> None:
    at.rest()
    trainings = at.window.behind.trainings
    at.until(lambda: not trainings.live() and not trainings.queue())


def open_sample(at: Photographer, name: str) -> None:
    opened: list[object] = []
    page = at.workspace.data
    connection = page.opened.connect(lambda *found: opened.append(found))
    page.open_sample(name)
    at.until(lambda: opened)
    page.opened.disconnect(connection)
    at.rest()


def data(at: Photographer, look: str) -> None:
    for name in ("reviews", "digits"):
        at.workspace.go("data")
        open_sample(at, name)
        at.shoot(f"data-{name}{look}")


def model(at: Photographer, look: str) -> None:
    at.workspace.go("model")
    at.rest(1000)
    at.until(lambda: not at.workspace.model.network.estimate.is_measuring())
    at.shoot(f"model{look}")


def training(at: Photographer, look: str) -> None:
    at.workspace.go("train")
    at.shoot(f"train{look}")


def runs(at: Photographer, look: str) -> None:
    at.workspace.go("runs")
    at.shoot(f"runs{look}")
    rows = at.window.behind.runs.rows()
    at.workspace.runs.choose([row.name for row in rows if "digits" in row.name])
    at.shoot(f"runs-compared{look}")


def try_it(at: Photographer, look: str) -> None:
    digits = next(row for row in at.window.behind.runs.rows() if "digits" in row.name)
    at.workspace.try_run(digits.name)
    at.rest(1500)
    at.press("try.sample")
    at.rest(1500)
    at.shoot(f"try{look}")
    at.workspace.try_it.open_files([str(path) for path in _digit_files()])
    at.rest(3000)
    at.shoot(f"try-batch{look}")
    reviews = next(row for row in at.window.behind.runs.rows() if "reviews" in row.name)
    at.workspace.try_run(reviews.name)
    at.rest(1500)
    at.workspace.try_it.take_text("The zip broke after a week and nobody answered my mail. 质量太差了。")
    at.rest(1500)
    at.shoot(f"try-text{look}")


def others(at: Photographer, look: str) -> None:
    """Every further kind of data, and how its model is tried."""
    for name in OTHERS:
        stem = name.removesuffix(".toml")
        if not name.endswith(".toml"):
            at.workspace.go("data")
            open_sample(at, name)
            at.shoot(f"data-{stem}{look}")
        rows = at.window.behind.runs.rows()
        told = {"python-topics": "_gpt-", name: f"-{name}_"}.get(stem, f"_{stem.partition('-')[0]}-")
        run = next(row for row in rows if told in row.name)
        at.workspace.try_run(run.name)
        at.rest(2000)
        if at.window.findChild(QWidget, "try.sample") and at.find("try.sample").isVisible():
            at.press("try.sample")
        elif at.window.findChild(QWidget, "try.text") and at.find("try.text").isVisible():
            at.workspace.try_it.take_text("The [MASK] statement")
        at.rest(2500)
        at.shoot(f"try-{stem}{look}")


def share(at: Photographer, look: str) -> None:
    at.workspace.go("share")
    at.shoot(f"share{look}")


def _digit_files() -> list[Path]:
    path = paths.resources() / "samples" / "digits" / "images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16).reshape(-1, 8, 8)
    folder = Path(_ROOT.name) / "files"
    folder.mkdir(exist_ok=True)
    files = [folder / f"scan_{number:03d}.png" for number in range(40)]
    for file, image in zip(files, pixels[::37], strict=False):
        Image.fromarray(image).save(file)
    return files


# Further samples and ready-made recipes, by the steps after which they are cut short.
OTHERS = {
    "diabetes": "",
    "series": "",
    "review-labels": "",
    "python-topics": "150",
    "autoencoder.toml": "",
    "bert-pretraining.toml": "20",
}
ALWAYS = (data, model, training, runs, try_it, others, share)

if __name__ == "__main__":
    main()
