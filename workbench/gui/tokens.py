"""The one table of colours and measures: nothing else in the window names a colour."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tokens:
    """Colours by what they are for. series: curves and classes, told apart by colour-blind people."""

    background: str
    surface: str
    raised: str
    line: str
    hover: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    good: str
    warning: str
    error: str
    series: tuple[str, str, str, str, str]


LIGHT = Tokens(
    background="#F6F6F8",
    surface="#FFFFFF",
    raised="#FFFFFF",
    line="#E3E4EA",
    hover="#ECEDF2",
    text="#1B1C22",
    muted="#5D606B",
    accent="#3F57D6",
    accent_hover="#354BC0",
    on_accent="#FFFFFF",
    accent_soft="#E7EAFB",
    good="#009E73",
    warning="#D55E00",
    error="#C4314B",
    series=("#0072B2", "#D55E00", "#009E73", "#B0558A", "#8A6D00"),
)

DARK = Tokens(
    background="#15161A",
    surface="#1E2026",
    raised="#262932",
    line="#2F323B",
    hover="#262932",
    text="#ECEDF2",
    muted="#A3A6B3",
    accent="#8C9BFF",
    accent_hover="#A1ADFF",
    on_accent="#11131C",
    accent_soft="#2A2F4D",
    good="#2FC79A",
    warning="#E69F00",
    error="#FF8A94",
    series=("#56B4E9", "#E69F00", "#2FC79A", "#E08FBF", "#E6D64A"),
)


class Space:
    """Distances in pixels, on a grid of 4 and 8."""

    small = 4
    medium = 8
    inner = 12
    gap = 14
    padding = 16
    page = 28


class Size:
    """Heights, widths, corners and type in pixels; motion in milliseconds."""

    control = 32
    side_bar = 196
    corner = 12
    control_corner = 8
    text = 13
    title = 22
    figure = 24
    caption = 11
    motion = 150
