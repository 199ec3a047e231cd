"""How the training that is set up is started on several machines: the line to say there, and a script for SLURM."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QIntValidator
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import tr
from workbench.gui.theme import explain, fixed_font, look
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.command_line import CommandLine

_MOST = 9_999  # machines, and processes on each


class MachinesDialog(QDialog):
    """Takes how many machines there are, and shows what is said on them.

    runs: the folder whose runs this window shows. asked(question) after every edit, and save_wanted(question):
    {folder, machines, processes, host}.
    """

    asked = Signal(object)
    save_wanted = Signal(object)

    def __init__(self, runs: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.setObjectName("train.machines_dialog")
        self.setWindowTitle(tr("Train on several machines"))
        self.setMinimumWidth(720)
        self.machines = _number(tr("Machines"), "2")
        self.processes = _number(tr("Processes on each"), "1")
        self.processes.setToolTip(tr("One for each GPU."))
        self.host = QLineEdit()
        self.host.setPlaceholderText(tr("name of the first machine"))
        self.host.setAccessibleName(tr("First machine"))
        self.folder = QLineEdit(runs)
        self.folder.setAccessibleName(tr("Folder that all machines see"))
        self.choose = button(tr("Choose…"), "folder-open")
        self.line = CommandLine(name=tr("Say on each machine"))
        self.script = QPlainTextEdit()
        self.script.setReadOnly(True)
        self.script.setFont(fixed_font())
        self.script.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.script.setMinimumHeight(280)
        self.script.setAccessibleName(tr("Or give to SLURM"))
        self.copy = button(tr("Copy the script"), "copy")
        self.save = primary_button(tr("Save recipe and script"), "download-simple")
        self.save.setObjectName("train.machines_save")
        self.told = look(QLabel(), "muted")
        self.told.setWordWrap(True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().lineSpacing())
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._arrange()
        self._allow(tr("The lines are not there yet."))
        for field in (self.machines, self.processes, self.host, self.folder):
            field.textChanged.connect(self._ask)
        self.choose.clicked.connect(self._choose)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.script.toPlainText()))
        self.save.clicked.connect(lambda: self.save_wanted.emit(self.question()))

    def question(self) -> dict[str, Any]:
        """Return what is asked with the fields as they stand."""
        return {
            "folder": self.folder.text(),
            "machines": int(self.machines.text() or 0),
            "processes": int(self.processes.text() or 0),
            "host": self.host.text().strip(),
        }

    def show_lines(self, answer: Mapping[str, Any]) -> None:
        """Show the line and the script."""
        self.line.set_command(answer["torchrun"])
        self.script.setPlainText(answer["slurm"])
        self.told.setText(tr("Nothing starts before the recipe is saved where the line looks for it."))
        self._allow("")

    def show_saved(self, answer: Mapping[str, Any]) -> None:
        """Say where recipe and script lie now."""
        self.show_lines(answer)
        run = Path(answer["run"])
        if os.path.realpath(run.parent) == os.path.realpath(self._runs):
            following = tr("Saved. Once it is started, {run} is followed from the Runs page.", run=run.name)
        else:
            command = f"workbench --runs {shlex.quote(str(run.parent))}"
            following = tr("Saved, but not where this window looks for runs. To follow it: {command}", command=command)
        slurm = tr("With SLURM: {command}", command=f"sbatch {shlex.quote(answer['script'])}")
        self.told.setText(f"{following}\n{slurm}")

    def show_error(self, error: UserError) -> None:
        """Say why there is no line."""
        why = error.translated()
        self.line.set_command("", why)
        self.script.clear()
        self.told.setText(why)
        self._allow(why)

    def _allow(self, why: str) -> None:
        """Let the script be copied, and all be saved; why: not."""
        for act in (self.copy, self.save):
            explain(act, not why, why)

    def _arrange(self) -> None:
        counts, place, end = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for title, field in (
            (tr("Machines"), self.machines),
            (tr("Processes on each"), self.processes),
            (tr("First machine"), self.host),
        ):
            counts.addLayout(_titled(title, field), 2 if field is self.host else 1)
        place.addLayout(_titled(self.folder.accessibleName(), self.folder, self.choose))
        end.addStretch(1)
        end.addWidget(self.copy)
        end.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.padding, Space.padding, Space.padding, Space.padding)
        layout.setSpacing(Space.gap)
        for row in (counts, place):
            row.setSpacing(Space.gap)
            layout.addLayout(row)
        layout.addLayout(_titled(self.line.line.accessibleName(), self.line))
        layout.addLayout(_titled(self.script.accessibleName(), self.script), 1)
        layout.addWidget(self.told)
        layout.addLayout(end)

    def _ask(self) -> None:
        self.asked.emit(self.question())

    def _choose(self) -> None:
        found = QFileDialog.getExistingDirectory(self, self.folder.accessibleName(), self.folder.text())
        if found:
            self.folder.setText(found)


def _number(title: str, text: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setValidator(QIntValidator(1, _MOST, field))
    field.setAccessibleName(title)
    return field


def _titled(title: str, *widgets: QWidget) -> QVBoxLayout:
    column, row = QVBoxLayout(), QHBoxLayout()
    column.setSpacing(Space.small)
    row.setSpacing(Space.medium)
    for number, widget in enumerate(widgets):
        row.addWidget(widget, 1 if number == 0 else 0)
    column.addWidget(look(QLabel(title), "caption"))
    column.addLayout(row, 1)
    return column
