"""Every widget and plot as pictures, in light, dark and Chinese: look at them in the folder that pytest names.

The pictures are made the size of the window, so that they can be held beside one another. The test itself asks for what
a machine can see: nothing is empty, the two themes differ, and no window flashes up while widgets are built.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.test_form import CATALOGUE, schema
from tests.gui.widgets.test_network_drawing import CONVNET
from workbench.core.words import tr, use_language
from workbench.gui import figures, theme
from workbench.gui.form import Form
from workbench.gui.plots.class_balance import ClassBalance
from workbench.gui.plots.confusion_matrix import ConfusionMatrix
from workbench.gui.plots.learning_rate_plot import LearningRatePlot
from workbench.gui.plots.loss_plot import LossPlot
from workbench.gui.plots.metric_plot import MetricPlot
from workbench.gui.plots.throughput_plot import ThroughputPlot
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import MenuChip, ToggleChip
from workbench.gui.widgets.choice_card import ChoiceCard
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.drawing_pad import DrawingPad
from workbench.gui.widgets.drop_area import DropArea
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.figure import Figure, FigureTile
from workbench.gui.widgets.image_grid import ImageGrid
from workbench.gui.widgets.image_view import ImageView
from workbench.gui.widgets.network_drawing import NetworkDrawing
from workbench.gui.widgets.page import Page
from workbench.gui.widgets.progress import ProgressLine
from workbench.gui.widgets.scroll import scrolled
from workbench.gui.widgets.side_bar import SideBar
from workbench.gui.widgets.table import Column, RowsModel, Table
from workbench.gui.widgets.undo_bar import UndoBar

RANDOM = np.random.default_rng(0)
CLASSES = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


class Flashes(QObject):
    """Notes every window that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(repr(watched))
        return False


def carded(widget: QWidget, title: str = "") -> Card:
    card = Card(title)
    card.add(widget, 1)
    return card


def row(*widgets: tuple[QWidget, int]) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(14)
    for widget, stretch in widgets:
        line.addWidget(widget, stretch)
    return line


def column(*widgets: tuple[QWidget, int]) -> QWidget:
    whole = QWidget()
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(14)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return whole


def data_page() -> Page:
    page = Page("Data", "Drop a folder, a zip, a CSV, or start from a sample.")
    page.add_action(button("Open…", "folder-open"))
    page.set_primary(primary_button("Choose a model", "arrow-right"))
    pairs = (("Images", "1,797"), ("Classes", "10"), ("Size", "8 × 8 grey"), ("Training", "1,437"), ("Test", "180"))
    page.body.addLayout(row(*((FigureTile(caption, figure), 1) for caption, figure in pairs)))
    grid = ImageGrid()
    pixels = RANDOM.integers(0, 255, (60, 8, 8, 1), dtype=np.uint8)
    grid.set_supplier(60, lambda rows: pixels[rows], label=lambda number: CLASSES[number % 10])
    samples = carded(grid, "Samples")
    samples.add_action(MenuChip({None: "All classes"}))
    samples.add_action(ToggleChip("With augmentation", checked=True))
    balance = ClassBalance()
    counts = {"Training": RANDOM.integers(140, 146, 10), "Validation": [18] * 10, "Test": [18] * 10}
    balance.set_counts([str(number) for number in range(10)], {name: list(part) for name, part in counts.items()})
    check = Card("Check")
    for level, text in (("good", "Every file could be read"), ("warning", "4 labels look wrong")):
        check.add(Banner(level, text))  # type: ignore[arg-type]
    right = column((carded(balance), 1), (check, 0))
    right.setFixedWidth(332)
    page.body.addLayout(row((samples, 1), (right, 0)), 1)
    return page


def model_page() -> Page:
    page = Page("Model", "Six architectures fit these images. The others say why they do not.")
    page.set_primary(primary_button("Set up training", "arrow-right"))
    cards = [
        ChoiceCard("Convolutional", "Finds local patterns. The first choice for pictures.", CONVNET),
        ChoiceCard("MLP", "The simplest network.", CONVNET[-2:]),
        ChoiceCard("Text CNN", "Finds phrases."),
    ]
    cards[0].setChecked(True)
    cards[2].set_reason("It wants texts, and these are images.")
    page.body.addLayout(row(*((card, 1) for card in cards)))
    form = Form("training", schema(), CATALOGUE)
    form.set_caption("batch_size", "fits up to 2,048 · measured")
    form.show_errors({"rate": "Too large for this schedule."})
    left = Card(caption="Convolutional")
    left.add(scrolled(form), 1)
    left.setFixedWidth(250)
    drawing = NetworkDrawing()
    drawing.set_blocks(CONVNET[:4] * 2 + CONVNET[4:])
    table = Table()
    columns = (Column("layer", "Layer"), Column("output", "Output"), Column("parameters", "Parameters", figures.count))
    rows: list[dict[str, Any]] = [
        {"layer": "Conv 3×3, 32", "output": "32×28×28", "parameters": 320},
        {"layer": "Max pool 2×2", "output": "32×14×14", "parameters": None},
    ]
    table.set_model(RowsModel(columns, rows * 6))
    numbers = column(
        *((Figure(a, b), 0) for a, b in (("421,642", "parameters"), ("6.2 s", "per epoch"))), (QWidget(), 1)
    )
    below = QWidget()
    line = row((carded(table), 1), (carded(numbers), 0))
    line.setContentsMargins(0, 0, 0, 0)
    below.setLayout(line)
    page.body.addLayout(row((left, 0), (column((carded(drawing), 1), (below, 1)), 1)), 1)
    return page


def train_page() -> Page:
    page = Page("Train", "Fashion-MNIST  ·  DCNN 28×28  ·  421,642 parameters")
    page.add_action(button("Pause", "pause"))
    page.set_primary(primary_button("Stop and keep", "stop"))
    progress = ProgressLine()
    progress.set_left("Epoch 5 of 8", "step 4,032 of 6,568")
    progress.set_right("12,480 samples/s  ·  1.2 GB of 139 GB", "41 s left")
    progress.set_fraction(0.62)
    page.body.addWidget(carded(progress))
    steps = np.arange(4000)
    loss = LossPlot()
    loss.set_training(steps, 0.2 + 2.3 * np.exp(-steps / 700) + RANDOM.normal(0, 0.07, 4000))
    late = np.arange(500, 4001, 500)
    loss.set_validation(late, 0.27 + 1.4 * np.exp(-late / 600.0))
    loss.mark_best(3000, 0.284)
    accuracy = MetricPlot("Accuracy")
    epochs = np.arange(1, 9)
    accuracy.set_training(epochs, 0.96 - 0.2 * np.exp(-epochs / 2))
    accuracy.set_validation(epochs, 0.93 - 0.17 * np.exp(-epochs / 2))
    rate = LearningRatePlot()
    rate.set_rates(np.arange(6568), 0.001 * np.sin(np.arange(6568) / 6568 * np.pi) ** 2, "One-cycle")
    rate.set_now(4032)
    page.body.addWidget(carded(loss), 1)
    page.body.addLayout(row((carded(accuracy), 1), (carded(rate), 1)), 1)
    banner = Banner("warning", "Validation loss has not improved since epoch 6: the network begins to memorise.")
    banner.add_action("Stop at the best")
    page.body.addWidget(banner)
    return page


def try_page() -> Page:
    page = Page("Try it", "Drop images or text anywhere on this page.")
    run = Combo()
    run.addItem("convnet-fashion  ·  best, epoch 6  ·  91.9 %", "run")
    run.setFixedWidth(302)
    page.add_action(run)
    view = ImageView()
    view.set_image(RANDOM.integers(0, 255, (28, 28), dtype=np.uint8), "seven.png")
    area = DropArea("Drop an image here", "PNG, JPEG or WebP")
    bars = Bars()
    bars.set_bars([("7", 0.972), ("1", 0.014), ("9", 0.006), ("Ankle boot", 0.004)])
    matrix = ConfusionMatrix()
    matrix.set_matrix(CLASSES, RANDOM.integers(0, 60, (10, 10)) + np.eye(10, dtype=int) * 900)
    pad = DrawingPad()
    left = column((carded(view, "seven.png"), 1), (carded(area), 1))
    right = column((carded(bars, "Prediction"), 0), (carded(matrix), 2), (carded(pad, "Draw"), 1))
    page.body.addLayout(row((left, 1), (right, 1)), 1)
    return page


def empty_page() -> Page:
    page = Page("Runs", "Every run you start appears here.")
    page.show_banner(Banner("error", "a.txt is not an image.", "Drop a PNG, JPEG or WebP file.", "Traceback …"))
    busy = EmptyState()
    busy.show_busy("Reading images", 0.4, "12,400 of 60,000 · 8 s left", "Cancel")
    nothing = EmptyState("list-bullets", "No runs yet", "Train a network, and it is kept here.", "Train")
    page.body.addLayout(row((carded(nothing), 1), (carded(busy), 1)), 1)
    speed = ThroughputPlot()
    speed.append_speed(np.arange(100), RANDOM.normal(12480, 300, 100))
    page.body.addWidget(carded(speed), 1)
    page.undo = UndoBar(page)  # type: ignore[attr-defined]
    return page


PAGES = {"data": data_page, "model": model_page, "train": train_page, "try": try_page, "empty": empty_page}


@pytest.fixture
def flashes(qapp: QApplication) -> Iterator[Flashes]:
    watcher = Flashes()
    qapp.installEventFilter(watcher)
    yield watcher
    qapp.removeEventFilter(watcher)


def window(name: str) -> QWidget:
    bar = SideBar()
    bar.choose(name if name != "empty" else "runs")
    bar.set_device("NVIDIA H200")
    bar.set_training("1 run training · 41 s left")
    whole = QWidget()
    layout = QHBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(bar)
    layout.addWidget(PAGES[name](), 1)
    return whole


@pytest.mark.parametrize("size", [(1280, 800), (1024, 640)], ids=["1280", "1024"])
@pytest.mark.parametrize("name", list(PAGES))
def test_pictures(
    name: str, size: tuple[int, int], flashes: Flashes, show: Callable[..., QWidget], qtbot: QtBot, tmp_path: Path
) -> None:
    whole = window(name)
    assert flashes.shown == []
    show(whole, *size)
    whole.setFocus()
    if isinstance(undo := whole.findChild(UndoBar), UndoBar):
        undo.offer("Run deleted.")
    pictures = {}
    for choice in ("light", "dark"):
        theme.current().choose(choice)  # type: ignore[arg-type]
        for _ in range(3):
            QCoreApplication.processEvents()
        pictures[choice] = whole.grab().toImage()
        assert pictures[choice].save(str(tmp_path / f"{name}-{size[0]}-{choice}.png"))
    light, dark = pictures["light"].pixelColor(500, 12), pictures["dark"].pixelColor(500, 12)
    assert light.lightness() > 200 > 60 > dark.lightness()
    assert not [
        label.text() for label in whole.findChildren(QLabel) if label.isVisible() and label.width() < 3 and label.text()
    ]


@pytest.mark.parametrize("name", ["train", "try"])
def test_chinese_pictures(name: str, show: Callable[..., QWidget], qtbot: QtBot, tmp_path: Path) -> None:
    use_language("zh_CN")
    whole = show(window(name), 1280, 800)
    assert whole.grab().save(str(tmp_path / f"{name}-chinese.png"))
    bar = whole.findChild(SideBar)
    assert isinstance(bar, SideBar)
    assert bar.accessibleName() == tr("Pages")
