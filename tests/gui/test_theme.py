import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

import workbench
from workbench.gui import theme
from workbench.gui.icons import icon
from workbench.gui.tokens import DARK, LIGHT, Tokens


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(name: str) -> float:
        color = QColor(name)
        parts = (color.redF(), color.greenF(), color.blueF())
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_what_it_stands_on(tokens: Tokens) -> None:
    for ground in (tokens.background, tokens.surface, tokens.raised, tokens.hover):
        assert contrast(tokens.text, ground) >= 7
        assert contrast(tokens.muted, ground) >= 4.5
    assert contrast(tokens.accent, tokens.on_accent) >= 4.5
    assert contrast(tokens.accent, tokens.accent_soft) >= 4.5
    assert contrast(tokens.error, tokens.surface) >= 4.5
    for color in (*tokens.series, tokens.good, tokens.warning):
        assert contrast(color, tokens.surface) >= 3


def test_nothing_else_names_a_colour() -> None:
    package = Path(workbench.__file__).parent / "gui"
    sources = [*package.rglob("*.py"), *(package.parents[1] / "resources" / "themes").glob("*.qss")]
    named = [
        path.name for path in sources if re.search(r"#[0-9A-Fa-f]{6}\b|\brgba?\(", path.read_text(encoding="utf-8"))
    ]
    assert named == ["tokens.py"]


def test_switching_changes_palette_and_style_sheet_and_says_so(qapp: QApplication, qtbot: QtBot) -> None:
    look = theme.current()
    with qtbot.waitSignal(look.changed):
        look.choose("dark")
    assert look.dark
    assert DARK.surface in qapp.styleSheet()
    assert qapp.palette().window().color() == QColor(DARK.background)
    look.choose("light")
    assert not look.dark
    assert DARK.surface not in qapp.styleSheet()


def test_an_unknown_choice_follows_the_system() -> None:
    theme.current().choose("blue")  # type: ignore[arg-type]
    assert theme.current().choice == "system"


def test_install_twice_gives_the_same_theme(qapp: QApplication) -> None:
    assert theme.install(qapp, "dark") is theme.install(qapp, "light") is theme.current()


def test_icons_take_the_colour_of_the_theme(qtbot: QtBot) -> None:
    def darkest() -> int:
        image = icon("stop", "text").pixmap(32, 32).toImage()
        return min(
            image.pixelColor(x, y).lightness()
            for x in range(32)
            for y in range(32)
            if image.pixelColor(x, y).alpha() > 200
        )

    light = darkest()
    theme.current().choose("dark")
    assert light < 60 < darkest()


def test_an_icon_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        icon("no-such-icon")


def test_a_disabled_control_says_why(qtbot: QtBot) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    button.setToolTip("Trains the network")
    theme.explain(button, False, "Choose data first.")
    assert not button.isEnabled()
    assert button.toolTip() == "Choose data first."
    theme.explain(button, True)
    assert button.isEnabled()
    assert button.toolTip() == "Trains the network"


def test_a_title_is_larger_than_text(qtbot: QtBot) -> None:
    title, text = theme.look(QLabel("Data"), "title"), QLabel("Data")
    for label in (title, text):
        qtbot.addWidget(label)
        label.ensurePolished()
    assert text.font().pixelSize() == 13
    assert title.font().pixelSize() == 22
