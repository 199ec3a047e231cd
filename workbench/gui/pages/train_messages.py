"""What a run has to say: its warnings, and the log of its trainer when it is asked for."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.core.events import Warned
from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import LevelMark
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.elided_label import ElidedLabel

_MOST_SHOWN = 2  # warnings; the others are counted
_LOG_BYTES = 200_000  # of the end of a log
_LOOK_MILLISECONDS = 1_000


class TrainMessages(Card):
    """Warnings, newest first, and the log."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._log_path: Path | None = None
        self._log_size = -1
        self._warnings = QVBoxLayout()
        self._warnings.setSpacing(Space.small)
        self.log = QPlainTextEdit()
        self.log.setObjectName("train.log")
        self.log.setAccessibleName(tr("Log of the trainer"))
        self.log.setReadOnly(True)
        self.log.setFixedHeight(150)
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.hide()
        self._shown = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._read)
        self.body.addLayout(self._warnings)
        self.add(self.log)

    def set_log(self, path: Path | None) -> None:
        """Follow this log while it is shown."""
        self._log_path, self._log_size = path, -1
        self._read()

    def show_log(self, on: bool) -> None:
        """Show the log, or put it away."""
        self.log.setVisible(on)
        self._watch()

    def has_something(self) -> bool:
        """Return whether there is anything to show."""
        return self._shown > 0 or not self.log.isHidden()

    def set_warnings(self, warnings: Sequence[Warned]) -> None:
        """Show the newest of these warnings."""
        self._shown = len(warnings)
        while item := self._warnings.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for warned in list(warnings)[: -_MOST_SHOWN - 1 : -1]:
            self._warnings.addWidget(_line(tr(warned.message), warned.step, warned.level))
        if len(warnings) > _MOST_SHOWN:
            more = plural(len(warnings) - _MOST_SHOWN, "{count} earlier message", "{count} earlier messages")
            label = look(ElidedLabel(more), "caption")
            label.setToolTip("\n".join(tr(warned.message) for warned in warnings))
            self._warnings.addWidget(label)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _watch(self) -> None:
        if self.log.isVisible():
            self._read()
            self._timer.start()
        else:
            self._timer.stop()

    def _read(self) -> None:
        """Show the end of the log when it has grown."""
        if self._log_path is None or self.log.isHidden():
            return
        try:
            with self._log_path.open("rb") as file:
                size = file.seek(0, 2)
                if size == self._log_size:
                    return
                file.seek(max(0, size - _LOG_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            size, text = -1, tr("There is no log yet.")
        self._log_size = size
        self.log.setPlainText(text or tr("The log is empty."))
        bar = self.log.verticalScrollBar()
        bar.setValue(bar.maximum())


def _line(text: str, step: int, level: str) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(Space.medium)
    row.addWidget(LevelMark("note" if level == "note" else "warning"))  # whatever a foreign folder says
    row.addWidget(ElidedLabel(text), 1)
    if step:
        row.addWidget(look(ElidedLabel(tr("step {step}", step=figures.count(step))), "muted"))
    line.setAccessibleName(text)
    return line
