"""What the small widgets promise: values in, signals out, words for those who cannot see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workbench.core.errors import UserError
from workbench.gui import theme
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.bars import Bars
from workbench.gui.widgets.buttons import button, icon_button, primary_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.chips import MenuChip, ToggleChip
from workbench.gui.widgets.choice_card import ChoiceCard
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.drawing_pad import DrawingPad
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.figure import Figure, FigureTile
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.image_view import ImageView
from workbench.gui.widgets.page import Page
from workbench.gui.widgets.pixels import image_of
from workbench.gui.widgets.progress import ProgressLine, SlimBar
from workbench.gui.widgets.scroll import scrolled
from workbench.gui.widgets.side_bar import SideBar
from workbench.gui.widgets.sign import Sign
from workbench.gui.widgets.switch import Switch
from workbench.gui.widgets.undo_bar import UndoBar

Show = Callable[..., Any]
LEFT = Qt.MouseButton.LeftButton


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_a_sign_follows_the_theme(show: Show, choice: Any) -> None:
    sign = show(Sign("cube", "error", 24), 24, 24)
    theme.current().choose(choice)
    picture = sign.grab().toImage()
    wanted = theme.current().color("error").rgb()
    assert any(picture.pixel(x, y) == wanted for x in range(24) for y in range(24))


def test_the_side_bar_chooses_pages(show: Show, qtbot: QtBot) -> None:
    bar = show(SideBar(), 196, 600)
    entry = bar.findChild(QPushButton, "nav.train")
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.mouseClick(entry, LEFT)
    assert chosen.args == ["train"]
    assert entry.isChecked()
    with qtbot.assertNotEmitted(bar.chosen):
        bar.choose("data")
    assert not entry.isChecked()
    names = [button.objectName() for button in bar.findChildren(QPushButton) if button.isCheckable()]
    assert names == ["nav.data", "nav.model", "nav.train", "nav.runs", "nav.try", "nav.share"]


def test_the_arrow_keys_go_through_the_side_bar(show: Show, qtbot: QtBot) -> None:
    bar = show(SideBar(), 196, 600)
    bar.findChild(QPushButton, "nav.data").setFocus()
    qtbot.keyClick(bar.focusWidget(), Qt.Key.Key_Up)
    assert bar.focusWidget().objectName() == "nav.share"
    with qtbot.waitSignal(bar.chosen) as chosen:
        qtbot.keyClick(bar.focusWidget(), Qt.Key.Key_Space)
    assert chosen.args == ["share"]


def test_the_side_bar_says_what_trains(show: Show, qtbot: QtBot) -> None:
    bar = show(SideBar(), 196, 600)
    bar.set_device("NVIDIA H200")
    assert not bar._status.isEnabled()
    bar.set_training("1 run training · 41 s left")
    assert bar._status.accessibleName() == "NVIDIA H200, 1 run training · 41 s left"
    with qtbot.waitSignal(bar.training_clicked):
        qtbot.mouseClick(bar._status, LEFT)


def test_the_side_bar_offers_themes_and_languages(show: Show, qtbot: QtBot) -> None:
    bar = show(SideBar(), 196, 600)
    menu = bar.findChild(QPushButton, "nav.appearance").menu()
    menu.aboutToShow.emit()
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Light"].isChecked()
    assert actions["English"].isChecked()
    with qtbot.waitSignal(bar.theme_wanted) as theme_wanted:
        actions["Dark"].trigger()
    assert theme_wanted.args == ["dark"]
    with qtbot.waitSignal(bar.language_wanted) as language_wanted:
        actions["简体中文"].trigger()
    assert language_wanted.args == ["zh_CN"]


def test_a_page_has_one_primary_action(show: Show) -> None:
    page = show(Page("Train", "Fashion-MNIST"), 700, 400)
    first, second, pause = (
        primary_button("Train", "play"),
        primary_button("Stop and keep", "stop"),
        button("Pause", "pause"),
    )
    page.set_primary(first)
    page.add_action(pause)
    page.set_primary(second)
    assert not first.isVisibleTo(page) or first.parent() is None or page._actions.indexOf(first) == -1
    assert pause.x() < second.x() or page._actions.indexOf(pause) < page._actions.indexOf(second)


def test_a_page_shows_banners_until_they_are_closed(show: Show, qtbot: QtBot) -> None:
    page = show(Page("Data"), 700, 400)
    banner = page.show_banner(Banner("warning", "4 labels look wrong"))
    banner.set_closable(True)
    qtbot.waitUntil(banner.isVisible)
    with qtbot.waitSignal(banner.closed):
        qtbot.mouseClick(banner._close, LEFT)
    page.show_banner(Banner("good", "Every file could be read"))
    page.clear_banners()
    assert page._banners.count() == 0


def test_a_banner_says_what_is_wrong_and_what_to_do(show: Show, qtbot: QtBot) -> None:
    error = UserError("{name} is not an image.", hint="Drop a PNG.", details="Traceback …", name="a.txt")
    banner = show(Banner.of_error(error), 500, 200)
    assert banner.text == "a.txt is not an image. Drop a PNG."
    toggle = next(found for found in banner.findChildren(QPushButton) if found.text() == "Details")
    qtbot.mouseClick(toggle, LEFT)
    assert banner.findChild(QWidget, options=Qt.FindChildOption.FindChildrenRecursively) is not None
    pressed: list[int] = []
    action = banner.add_action("Locate…")
    action.clicked.connect(lambda: pressed.append(1))
    qtbot.mouseClick(action, LEFT)
    assert pressed == [1]


def test_undo_is_offered_once(show: Show, qtbot: QtBot) -> None:
    page = show(QWidget(), 500, 300)
    bar = UndoBar(page)
    bar.offer("Run deleted.", token="run 1")
    assert bar.isVisible()
    with qtbot.waitSignal(bar.undone) as undone:
        qtbot.mouseClick(bar._undo, LEFT)
    assert undone.args == ["run 1"]
    with qtbot.assertNotEmitted(bar.expired):
        bar.expire()
    bar.offer("Run deleted.", token="run 2")
    with qtbot.waitSignal(bar.expired) as expired:
        bar.offer("Run deleted.", token="run 3", seconds=0.01)
    assert expired.args == ["run 2"]
    with qtbot.waitSignal(bar.expired) as expired:
        pass
    assert expired.args == ["run 3"]
    assert not bar.isVisible()


def test_a_card_has_a_heading_a_note_and_actions(show: Show, qtbot: QtBot) -> None:
    card = show(Card("Samples"), 400, 200)
    chip = ToggleChip("With augmentation")
    card.add_action(chip)
    card.set_note("28 × 28")
    card.add(QLabel("content"), 1)
    qtbot.waitUntil(chip.isVisible)
    assert card.accessibleName() == "Samples"
    card.set_title("")
    assert not card._title.isVisible()


def test_a_menu_chip_shows_what_is_chosen(show: Show, qtbot: QtBot) -> None:
    chip = show(MenuChip({None: "All classes", 3: "Dress"}, prefix=""), 200, 40)
    assert chip.text() == "All classes"
    with qtbot.waitSignal(chip.chosen) as chosen:
        chip.menu().actions()[1].trigger()
    assert chosen.args == [3]
    assert chip.text() == chip.accessibleName() == "Dress"
    chip.set_choices({0: "zero"})
    assert chip.value() == 0


def test_a_choice_card_that_cannot_be_chosen_says_why(show: Show, qtbot: QtBot) -> None:
    card = show(ChoiceCard("Convolutional", "Finds local patterns.", [{"kind": "conv", "shape": [8, 8, 8]}]), 200, 92)
    qtbot.mouseClick(card, LEFT)
    assert card.isChecked()
    card.set_reason("It wants images.")
    assert not card.isEnabled()
    assert card.toolTip() == card.accessibleDescription() == "It wants images."
    card.set_reason("")
    assert card.isEnabled()
    assert card.toolTip() == "Finds local patterns."


def test_a_combo_takes_labels_and_values(show: Show) -> None:
    combo = show(Combo(), 200, 40)
    combo.addItem("AdamW", "adamw")
    combo.addItem("Plain descent", "sgd")
    combo.setCurrentText("sgd")
    assert combo.currentText() == "Plain descent"
    assert combo.value() == "sgd"
    assert not combo.setValue("lion")
    assert combo.value() == "sgd"


@pytest.mark.parametrize("key", [Qt.Key.Key_Space])
def test_a_switch_is_a_check_box(show: Show, qtbot: QtBot, key: Qt.Key) -> None:
    switch = show(Switch("Flip"), 120, 30)
    qtbot.mouseClick(switch, LEFT, pos=QPoint(100, 12))
    assert switch.isChecked()
    qtbot.keyClick(switch, key)
    assert not switch.isChecked()
    qtbot.waitUntil(lambda: switch._place == 0.0)


def test_a_fold_opens(show: Show, qtbot: QtBot) -> None:
    fold = Fold("Advanced")
    content = QLabel("rarely changed")
    fold.body.addWidget(content)
    show(fold, 200, 200)
    assert not content.isVisible()
    with qtbot.waitSignal(fold._motion.finished):
        qtbot.keyClick(fold._handle, Qt.Key.Key_Space)
    assert content.isVisible()
    assert fold._content.maximumHeight() > 10_000
    with qtbot.waitSignal(fold._motion.finished):
        fold.set_open(False)
    assert not content.isVisible()


def test_progress_is_said_in_words(show: Show) -> None:
    line = show(ProgressLine(), 500, 40)
    line.set_left("Epoch 5 of 8", "step 4,032 of 6,568")
    line.set_right("12,480 samples/s", "41 s left")
    line.set_fraction(0.62)
    assert line.text() == "Epoch 5 of 8, step 4,032 of 6,568, 62 %, 12,480 samples/s  ·, 41 s left"
    line.set_fraction(2)
    assert line.fraction() == 1.0


def test_a_bar_without_end_slides_only_while_it_is_seen(show: Show) -> None:
    bar = show(SlimBar(), 200, 6)
    bar.set_fraction(None)
    running = bar._sliding.State.Running
    assert bar._sliding.state() == running
    bar.hide()
    assert bar._sliding.state() != running
    bar.show()
    assert bar._sliding.state() == running
    bar.set_fraction(0.5)
    assert bar._sliding.state() != running


def test_bars_show_shares(show: Show) -> None:
    bars = show(Bars(), 300, 120)
    bars.set_bars([("7", 0.972), ("1", float("nan")), ("a very long label that does not fit here", 0.0)])
    assert bars.accessibleName().startswith("7 97.2 %, 1 NaN")
    assert bars._motion.state() == bars._motion.State.Running
    assert not bars.grab().isNull()
    bars.clear()
    assert bars.bars() == []


def test_an_image_is_shown_in_whole_pixels(show: Show) -> None:
    view = show(ImageView(), 100, 90)
    view.set_image(np.eye(8, dtype=np.uint8) * 255, "seven.png")
    assert view.target().width() == 88
    shades = {view.grab().toImage().pixelColor(x, 45).red() for x in range(8, 90)}
    assert shades == {0, 255}
    assert view.accessibleName() == "seven.png"
    view.set_image(None)
    assert view.image().isNull()


def test_arrays_become_images() -> None:
    colour = np.zeros((2, 3, 3), dtype=np.uint8)
    colour[0, 1] = (10, 20, 30)
    assert image_of(colour).pixelColor(1, 0) == QColor(10, 20, 30)
    assert image_of(colour).size().toTuple() == (3, 2)
    with pytest.raises(ValueError, match="no image"):
        image_of(np.zeros((2, 2, 7)))


def test_the_pad_draws_undoes_and_clears(show: Show, qtbot: QtBot) -> None:
    pad = show(DrawingPad(), 280, 280)
    assert pad.is_empty()
    with qtbot.waitSignal(pad.drawn) as drawn:
        qtbot.mousePress(pad, LEFT, pos=QPoint(40, 140))
        qtbot.mouseMove(pad, QPoint(240, 140))
        qtbot.mouseRelease(pad, LEFT, pos=QPoint(240, 140))
    assert isinstance((drawn.args or [None])[0], QImage)
    assert pad.image().pixelColor(40, 140).lightness() == 255
    assert pad.image().pixelColor(10, 10).lightness() == 0
    pad.set_white_on_black(False)
    assert pad.image().pixelColor(40, 140).lightness() == 0
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pad.is_empty()
    qtbot.mouseClick(pad, LEFT)
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.is_empty()


def test_a_long_line_is_elided_and_its_tip_has_it_whole(show: Show) -> None:
    label = show(ElidedLabel("a very long path that cannot fit"), 60, 20)
    assert label.shown().endswith("…")
    assert label.toolTip() == label.accessibleName() == "a very long path that cannot fit"
    label.resize(600, 20)
    assert label.shown() == label.text()
    assert label.toolTip() == ""


def test_an_empty_state_offers_what_to_do(show: Show, qtbot: QtBot) -> None:
    state = show(EmptyState("database", "No data yet", "Drop a folder here.", "Open the sample"), 400, 300)
    assert state.text() == "No data yet Drop a folder here."
    with qtbot.waitSignal(state.acted):
        qtbot.mouseClick(state._action, LEFT)
    state.show_busy("Reading images", None, cancel="Cancel")
    assert state._bar.isVisible()
    with qtbot.waitSignal(state.acted):
        qtbot.mouseClick(state._cancel, LEFT)
    state.show_state("warning", "The folder is empty", error=True)
    assert not state._bar.isVisible()
    assert not state._action.isVisible()


def test_figures_are_said_with_their_caption(show: Show) -> None:
    tile, figure = show(FigureTile("Images"), 160, 74), show(Figure("6.2 s", "per epoch"), 160, 74)
    tile.set_figure("1,797")
    assert tile.accessibleName() == "Images: 1,797"
    figure.set_caption("per step")
    assert figure.accessibleName() == "6.2 s per step"


def test_what_flows_goes_on_below(show: Show) -> None:
    widget = QWidget()
    layout = FlowLayout(widget)
    for number in range(6):
        layout.addWidget(QPushButton(f"number {number}"))
    show(widget, 230, 300)
    assert len({found.geometry().y() for found in widget.findChildren(QPushButton)}) >= 3
    assert layout.heightForWidth(2000) < layout.heightForWidth(230)


def test_what_is_too_tall_scrolls(show: Show) -> None:
    content = QWidget()
    QVBoxLayout(content).addWidget(QLabel("\n".join("abc" * 40)))
    area = show(scrolled(content), 200, 100)
    assert area.verticalScrollBar().maximum() > 0
    assert not area.horizontalScrollBar().isVisible()


def test_an_icon_button_has_a_name(show: Show) -> None:
    result = show(icon_button("x", "Close"), 40, 40)
    assert result.accessibleName() == result.toolTip() == "Close"
