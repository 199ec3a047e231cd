"""What the checks found in the data, in words, and lists of what they are about."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QListWidget, QVBoxLayout, QWidget

from workbench.core.words import from_plain, plural, tr
from workbench.gui.theme import look
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.sign import Sign

_ICONS = {"good": ("check-circle", "good"), "warning": ("warning", "warning"), "error": ("x-circle", "error")}


class DataCheck(Card):
    """A line for each finding; findings about particular files or rows have a button that shows them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Check"), parent=parent)
        self._lines: list[QWidget] = []

    def set_findings(self, problems: Sequence[Mapping[str, Any]], skipped: Sequence[Mapping[str, Any]]) -> None:
        """problems: {level, words, items}. skipped: {name, reason}; words and reasons as plain values."""
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = []
        reasons = {entry["name"]: tr(from_plain(entry["reason"])) for entry in skipped}
        told = False
        for problem in sorted(problems, key=lambda problem: tuple(_ICONS).index(problem["level"]), reverse=True):
            items = [str(item) for item in problem.get("items", ())]
            told = told or any(item in reasons for item in items)
            self._add_line(problem["level"], tr(from_plain(problem["words"])), items, reasons)
        if reasons and not told:
            text = plural(
                len(reasons),
                "{count} file could not be read and is left out",
                "{count} files could not be read and are left out",
            )
            self._add_line("warning", text, list(reasons), reasons)
        if not self._lines:
            self._add_line("good", tr("Nothing to remark"), [], {})

    def _add_line(self, level: str, text: str, items: list[str], reasons: dict[str, str]) -> None:
        line = Finding(level, text)
        self._lines.append(line)
        self.add(line)
        if items:
            show = button(tr("Show them"), tip=tr("Lists what this is about."))
            show.setAccessibleName(tr("Show them: {finding}", finding=text))
            show.clicked.connect(lambda: ListDialog(text, items, reasons, self.window()).open())
            self._lines.append(show)
            self.add(show)


class Finding(QWidget):
    """An icon that tells the level, and a sentence that wraps."""

    def __init__(self, level: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name, token = _ICONS[level]
        words = QLabel(text)
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Sign(name, token, 16), 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(words, 1)


class ListDialog(QDialog):
    """Files or rows that a finding is about, with the reason for each where there is one."""

    def __init__(
        self, title: str, items: Sequence[str], reasons: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setObjectName("data.list")
        self.resize(560, 420)
        heading = look(QLabel(title), "heading")
        heading.setWordWrap(True)
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(title)
        lines = [
            tr("{name}: {reason}", name=item, reason=reasons[item]) if reasons.get(item) else item for item in items
        ]
        self.list.addItems(lines)
        for row, line in enumerate(lines[:1000]):
            self.list.item(row).setToolTip(line)
        copy = button(tr("Copy the list"), icon_name="copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n".join(lines)))
        close = button(tr("Close"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addWidget(copy)
        foot.addStretch(1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)
