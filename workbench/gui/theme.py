"""Colours, type and style sheet of the window, in light and dark, switchable while it runs.

Widgets that paint themselves ask `current()` for their colours while they paint; every widget is repainted when the
theme changes. Style sheets are made from the tokens by one template, `resources/themes/workbench.qss`.
"""

from dataclasses import asdict
from string import Template
from typing import Literal, TypeVar, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from workbench.core import paths
from workbench.gui.tokens import DARK, LIGHT, Size, Space, Tokens

Choice = Literal["system", "light", "dark"]
CHOICES: tuple[Choice, ...] = ("system", "light", "dark")
AnyWidget = TypeVar("AnyWidget", bound=QWidget)

_GENERIC = ("", "Sans Serif", "sans-serif", "Sans", "DejaVu Sans", "Bitstream Vera Sans", "Helvetica", "Arial")
_FALLBACKS = (
    "Inter",
    "Segoe UI",
    "SF Pro Text",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "DejaVu Sans",
)


class Theme(QObject):
    """The look of one application; `changed` comes after everything has its new colours."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: Choice = "system") -> None:
        super().__init__(application)
        self.setObjectName("workbench.theme")
        self._application = application
        self.choice: Choice = choice
        self.tokens = LIGHT
        application.setStyle("Fusion")
        application.setFont(base_font())
        application.styleHints().colorSchemeChanged.connect(self._apply)
        self.choose(choice)

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in use."""
        return self.tokens is DARK

    def choose(self, choice: Choice) -> None:
        """Use "light" or "dark", or follow the system."""
        self.choice = choice if choice in CHOICES else "system"
        hints = self._application.styleHints()
        wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(self.choice, Qt.ColorScheme.Unknown)
        hints.setColorScheme(wanted)  # title bars and file dialogs of the system follow too, where it can
        self._apply()

    def color(self, token: str) -> QColor:
        """Return the colour of a token; "series1" to "series5" name the colours of curves."""
        if token.startswith("series"):
            return self.series(int(token.removeprefix("series")) - 1)
        return QColor(getattr(self.tokens, token))

    def series(self, index: int) -> QColor:
        """Return the colour of curve `index`, beginning again after the last."""
        return QColor(self.tokens.series[index % len(self.tokens.series)])

    def _apply(self) -> None:
        scheme = self._application.styleHints().colorScheme()
        dark = self.choice == "dark" or (self.choice == "system" and scheme == Qt.ColorScheme.Dark)
        self.tokens = DARK if dark else LIGHT
        self._application.setPalette(palette(self.tokens))
        sheet = style_sheet(self.tokens)
        if self._application.styleSheet() != sheet:
            self._application.setStyleSheet(sheet)
        self.changed.emit()


def install(application: QApplication, choice: Choice = "system") -> Theme:
    """Give `application` its look and return the theme; a second call only changes the choice."""
    theme = application.findChild(Theme, "workbench.theme")
    if theme is None:
        return Theme(application, choice)
    theme.choose(choice)
    return theme


def current() -> Theme:
    """Return the theme of the running application, installed at the first call."""
    application = cast(QApplication, QApplication.instance())
    return application.findChild(Theme, "workbench.theme") or Theme(application)


def look(widget: AnyWidget, name: str) -> AnyWidget:
    """Give `widget` one of the looks of the style sheet ("title", "muted", "caption", "primary"…) and return it."""
    if widget.property("look") != name:
        widget.setProperty("look", name)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
    return widget


def explain(widget: QWidget, enabled: bool, why: str = "") -> None:
    """Enable or disable `widget`; while it is disabled its tool tip says why."""
    if widget.property("tip") is None:
        widget.setProperty("tip", widget.toolTip())
    widget.setEnabled(enabled)
    widget.setToolTip(widget.property("tip") if enabled or not why else why)


def base_font() -> QFont:
    """Return the system's font at 13 px, with fonts that have Chinese behind it."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    families = list(_FALLBACKS) if system.family() in _GENERIC else [system.family(), *_FALLBACKS]
    installed = set(QFontDatabase.families())
    font = QFont([family for family in families if family in installed] or families)
    font.setPixelSize(Size.text)
    return font


def tabular(font: QFont) -> QFont:
    """Return `font` with digits of one width, for tables and read-outs that change."""
    copy = QFont(font)
    copy.setFeature(QFont.Tag("tnum"), 1)
    return copy


def sized(font: QFont, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return `font` in another size and weight."""
    copy = QFont(font)
    copy.setPixelSize(pixels)
    copy.setWeight(weight)
    return copy


def fixed_font() -> QFont:
    """Return the font in which commands and logs are shown."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(12)
    return font


def style_sheet(tokens: Tokens) -> str:
    """Return the style sheet in the colours of `tokens`."""
    template = Template((paths.resources() / "themes" / "workbench.qss").read_text(encoding="utf-8"))
    values = {name: value for name, value in asdict(tokens).items() if isinstance(value, str)}
    measures = {
        name: f"{value}px" for holder in (Space, Size) for name, value in vars(holder).items() if name[0] != "_"
    }
    return template.substitute(values | {f"size_{name}": value for name, value in measures.items()})


def palette(tokens: Tokens) -> QPalette:
    """Return the palette that goes with the style sheet, for what style sheets do not reach."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.background,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.raised,
        QPalette.ColorRole.AlternateBase: tokens.hover,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.error,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.muted,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.LinkVisited: tokens.accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Light: tokens.surface,
        QPalette.ColorRole.Midlight: tokens.hover,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Dark: tokens.line,
        QPalette.ColorRole.Shadow: tokens.line,
    }
    for role, color in roles.items():
        result.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.muted))
    return result
