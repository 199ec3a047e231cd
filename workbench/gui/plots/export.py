"""Plots as files: PNG, SVG, CSV."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.words import mark
from workbench.gui import theme

FILTERS = {"png": "PNG (*.png)", "svg": "SVG (*.svg)", "csv": "CSV (*.csv)"}


def save_png(widget: QWidget, path: str | Path, scale: float = 2.0) -> None:
    """Write what `widget` shows as an image, at twice its size; raises UserError when it cannot be written."""
    image = QPixmap(widget.size() * scale)
    image.setDevicePixelRatio(scale)
    image.fill(theme.current().color("surface"))
    widget.render(image)
    if not image.save(str(path), "PNG"):
        raise _not_written(path)


def save_svg(widget: QWidget, path: str | Path) -> None:
    """Write what `widget` shows as vectors; raises UserError when it cannot be written."""
    try:
        Path(path).touch()
    except OSError as error:
        raise _not_written(path, error) from error
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(0, 0), QSize(widget.size())))
    generator.setTitle(widget.accessibleName())
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), theme.current().color("surface"))
    widget.render(painter, QPoint(0, 0))
    painter.end()


def save_lines(path: str | Path, lines: Iterable[str]) -> None:
    """Write lines of CSV; raises UserError when they cannot be written."""
    try:
        with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
            file.writelines(f"{line}\r\n" for line in lines)
    except OSError as error:
        raise _not_written(path, error) from error


def quoted(text: str) -> str:
    """Return `text` as one field of CSV."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def _not_written(path: str | Path, error: OSError | None = None) -> UserError:
    if error is None or not error.strerror:
        return UserError("{path} could not be written.", hint="Choose another place.", path=path)
    hint = mark("Choose another place.")
    return UserError("{path} could not be written: {reason}.", hint=hint, path=path, reason=error.strerror)
