"""From a dropped photograph to its label, and from a folder of them: ours against a script with the model in memory."""

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from tests.benchmarks.measuring import Amount, Figure, Result, Row, alternate, in_turns
from workbench.core.run_folder import RunFolder, new_run
from workbench.data.preprocessing import ImagePreprocessing, from_plain
from workbench.inference.inputs import items_of
from workbench.inference.model_folder import model_of, read_model
from workbench.inference.predictor import Item, Predictor
from workbench.training.worker import train_run

SIDE = 224
DROPS = 20  # in a round, of which the median counts
FOLDER = 100  # photographs in the folder

RECIPE = f"""
[data]
kind = "image_folder"
path = "PLACE"
size = "{SIDE}"
validation = 0.25
test = 0
[architecture]
kind = "resnet"
depth = 18
[training]
epochs = 1
batch_size = 8
device = "cpu"
"""


def _measure(rounds: int) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as place:
        os.environ["WORKBENCH_CACHE"] = str(Path(place) / "cache")
        run = _trained(Path(place))
        photograph = next((Path(place) / "photographs").rglob("*.jpg"))
        script, predictor = _Script(run), Predictor.of_run(run)
        [ours] = predictor.predict([Item("photograph", photograph)])
        assert ours.answer["label"] == script.label(photograph)
        with _Window(run) as window:
            ways: tuple[Callable[[], Any], ...] = (
                lambda: script.label(photograph),
                lambda: predictor.predict([Item("photograph", photograph)]),
                lambda: window.label(photograph),
            )
            by_script, in_process, in_window = in_turns(rounds, *(lambda way=way: _typical(way) for way in ways))
        yield Figure("A 1080p JPEG", "script with the model", "ours", by_script, in_process, reach=1 / 1.2)
        yield Figure("A 1080p JPEG, from the window", "script with the model", "ours", by_script, in_window, 1 / 1.2)
        yield Amount("Ours, from the window", "ms", [seconds * 1e3 for seconds in in_window], at_most=40)
        files = sorted((Path(place) / "photographs").rglob("*.jpg"))
        folder = _folder(Path(place) / "folder", files)
        yield alternate(
            Figure(f"A folder of {FOLDER} 1080p JPEGs", "script, one by one", "ours", reach=1),
            lambda: [script.label(file) for file in sorted(folder.iterdir())],
            lambda: predictor.predict(items_of([folder], "image")),
            min(rounds, 3),
        )


def _typical(way: Callable[[], Any]) -> float:
    """Return the median seconds of several calls."""
    seconds = []
    for _ in range(DROPS):
        began = time.perf_counter()
        way()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


class _Script:
    """What one writes by hand: the network in memory, the image opened, brought to size and normalised."""

    def __init__(self, run: RunFolder) -> None:
        torch.set_num_threads(os.cpu_count() or 1)
        model = read_model(model_of(run), channels_last=False)
        self.network: nn.Module = model.network
        self.labels = model.labels
        preprocessing: Any = from_plain(model.preprocessing)
        assert isinstance(preprocessing, ImagePreprocessing)
        self.mean, self.std = (torch.tensor(values).view(3, 1, 1) for values in (preprocessing.mean, preprocessing.std))

    def label(self, path: Path) -> str:
        image = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
        with torch.inference_mode():
            logits = self.network(((pixels - self.mean) / self.std)[None])
        return self.labels[int(logits.argmax())]


class _Window:
    """The engine as the window has it: a process of its own, asked through pipes that the event loop reads."""

    def __init__(self, run: RunFolder) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from PySide6.QtWidgets import QApplication

        from workbench.gui.engine_client import Engine

        self._application = QApplication.instance() or QApplication([])
        self._engine = Engine()
        self._run = str(run.path)

    def __enter__(self) -> "_Window":
        self._engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()

    def label(self, path: Path) -> str:
        from PySide6.QtCore import QEventLoop

        loop, found = QEventLoop(), []
        answer = self._engine.ask("prediction.predict", {"run": self._run, "inputs": [{"path": str(path)}]})
        answer.answered.connect(lambda said: (found.append(said), loop.quit()))
        answer.failed.connect(lambda error: loop.quit())
        loop.exec()
        return found[0]["predictions"][0]["label"]


def _trained(place: Path) -> RunFolder:
    """Return a run with a ResNet-18 that has seen a few made photographs."""
    random = np.random.default_rng(0)
    for number in range(16):
        path = place / "photographs" / ("day", "night")[number % 2] / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_photograph(random, brightness=(1.0, 0.4)[number % 2]))
    run = new_run(place / "runs", "resnet", RECIPE.replace("PLACE", str(place / "photographs")))
    ending = train_run(run)
    assert type(ending).__name__ == "Finished", ending
    return run


def _photograph(random: np.random.Generator, brightness: float) -> bytes:
    """Return a JPEG of 1920×1080 with large forms and the noise of a camera, some 800 kB."""
    forms = Image.fromarray(random.integers(0, 256, (68, 120, 3), dtype=np.uint8)).resize((1920, 1080))
    pixels = np.asarray(forms) * brightness + random.normal(0, 6, (1080, 1920, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def _folder(folder: Path, files: list[Path]) -> Path:
    folder.mkdir()
    for number in range(FOLDER):
        (folder / f"{number:04d}.jpg").write_bytes(files[number % len(files)].read_bytes())
    return folder


ROW = Row(11, "A dropped 1080p JPEG to its label, ResNet-18 at 224×224", _measure)
