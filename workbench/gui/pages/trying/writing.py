"""Trying a language model: a prompt on the left, and on the right the text that goes on from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import from_plain, tr
from workbench.gui.pages.trying.panel import Panel
from workbench.gui.pages.trying.writing_options import WritingOptions
from workbench.gui.pages.trying.writing_result import WritingResult
from workbench.gui.theme import explain
from workbench.gui.tokens import Space
from workbench.gui.widgets.buttons import primary_button

_LONGEST_TEXT = 1_000_000  # bytes of a text file that go into the box
_SAMPLE = 300  # characters of a sample that become the prompt


class WritingPanel(Panel):
    """Asks the engine for a few tokens at a time, until the text ends or Stop is pressed."""

    batches = False

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._run = ""
        self._number = 0  # of the text that is being written, or 0
        self._round = 0  # answers to earlier rounds count no more
        self.invitation = (tr("Drop a text here"), "", "download-simple")
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("try.text")
        self.prompt.setAccessibleName(tr("Prompt"))
        self.prompt.setPlaceholderText(tr("Type how the text begins, or leave it empty."))
        self.prompt.setTabChangesFocus(True)
        self.prompt.setAcceptDrops(False)  # the area around it takes files as well as text
        self.options = WritingOptions()
        self.options.changed.connect(self._show_state)
        self.result: WritingResult = WritingResult()
        self.result.surprises_wanted.connect(self._ask_surprises)
        self.act = primary_button(tr("Generate"))
        self.act.setObjectName("try.predict")
        self.act.clicked.connect(lambda: self.stop() if self.is_writing() else self.generate())
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            short = QShortcut(QKeySequence(key), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(self.generate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.inner)
        layout.addWidget(self.prompt, 1)
        row = QHBoxLayout()
        row.addWidget(self.options)
        layout.addLayout(row)
        self._show_state()

    def set_run(self, run: str, description: Mapping[str, Any]) -> None:
        if run != self._run:
            self.stop()
            self.result.begin("")
        self._run = run
        context = (list(description.get("inputs", {}).get("shape", ())) or [0])[0]
        self.headed.emit(tr("Prompt"), tr("The model looks back {context} tokens.", context=context) if context else "")
        self.occupied.emit(True)

    def line(self) -> str:
        return tr("Type how a text begins, and the model writes on.")

    def file_kinds(self) -> str:
        return tr("Texts ({endings})", endings="*.txt *.md")

    def take_file(self, path: str) -> None:
        try:
            file = Path(path)
            if file.stat().st_size > _LONGEST_TEXT:
                self.refused.emit(tr("This text is too long for a prompt."))
                return
            self.take_text(file.read_text(encoding="utf-8-sig", errors="replace"))
        except OSError as error:
            self.refused.emit(tr("{name} could not be read: {reason}.", name=Path(path).name, reason=error.strerror))

    def take(self, paths: Sequence[str]) -> None:
        self.take_file(paths[0])

    def take_text(self, text: str) -> None:
        self.prompt.setPlainText(text)

    def take_sample(self, sample: Mapping[str, Any]) -> None:
        self.take_text(str(sample.get("text", ""))[:_SAMPLE].rstrip())

    def generate(self) -> None:
        """Write a new text from the prompt."""
        if not self._run or self.options.problem():
            return
        self.stop()
        self._round += 1
        prompt, asked = self.prompt.toPlainText(), self._round
        self.result.begin(prompt)
        self._number = -1
        self._show_state()
        question = {"run": self._run, "prompt": prompt, "options": self.options.values()}
        self.engine.ask("generation.begin", question).then(
            self, lambda answer: self._begun(answer, asked), lambda error: self._fail(error, asked)
        )

    def stop(self) -> None:
        """Write no more; what is there stays."""
        if self._number > 0:
            self.engine.ask("generation.stop", {"number": self._number}).then(self, lambda _: None, lambda _: None)
        self._number = 0
        self._round += 1
        self._show_state()

    def is_writing(self) -> bool:
        """Return whether a text is being written."""
        return self._number != 0

    def _begun(self, answer: Mapping[str, Any], asked: int) -> None:
        number = int(answer["number"])
        if asked != self._round:
            self.engine.ask("generation.stop", {"number": number}).then(self, lambda _: None, lambda _: None)
            return
        self._number = number
        for note in answer["notes"]:
            self.result.say(tr(from_plain(note)))
        self._ask(asked)

    def _ask(self, asked: int) -> None:
        self.engine.ask("generation.more", {"number": self._number}).then(
            self, lambda answer: self._add(answer, asked), lambda error: self._fail(error, asked)
        )

    def _add(self, answer: Mapping[str, Any], asked: int) -> None:
        if asked != self._round:
            return
        self.result.add_tokens(answer["tokens"])
        if answer["ended_by"] or self.result.view.is_full():
            self._number = 0
            if answer["ended_by"] == "end":
                self.result.say(tr("The model ended the text here."))
            self._show_state()
        else:
            self._ask(asked)

    def _fail(self, error: UserError, asked: int) -> None:
        if asked == self._round:
            self._number = 0
            self._show_state()
            self.failed.emit(error)

    def _show_state(self) -> None:
        problem = "" if self.is_writing() else self.options.problem()
        assert self.act is not None
        self.act.setText(tr("Stop") if self.is_writing() else tr("Generate"))
        self.act.setAccessibleName(self.act.text())
        explain(self.act, not problem, problem)

    def _ask_surprises(self) -> None:
        self.stop()
        asked = self._round
        self.engine.ask("generation.surprises", {"run": self._run}).then(
            self,
            lambda answer: self.result.show_surprises(answer) if asked == self._round else None,
            lambda error: self._fail(error, asked),
        )
