"""Masking on the Data page: its settings, and what is found in the data, before and after."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.words import tr
from workbench.gui import figures
from workbench.gui.current_job import CurrentJob
from workbench.gui.form import Form
from workbench.gui.pages.form_in_force import FormInForce
from workbench.gui.schemas import defaults
from workbench.gui.theme import look
from workbench.gui.tokens import Space
from workbench.gui.widgets.fold import Fold


class DataMasking(Fold):
    """What is to be taken out of the opened data; below it how much of that there is, as soon as this is unfolded."""

    edited = Signal()  # the settings can be read
    validity_changed = Signal()

    def __init__(self, jobs: Any, parent: QWidget | None = None) -> None:
        super().__init__(tr("Masking"), parent=parent)
        self._data: dict[str, Any] = {}
        self.settings: FormInForce | None = None
        self._usual: dict[str, Any] = {}
        self._asked: dict[str, Any] | None = None  # the data that are or were looked through
        self.preview = MaskingPreview()
        self._job = CurrentJob(jobs, self)
        self._job.answered.connect(self._show)
        self._job.failed.connect(lambda error: self.preview.say(error.translated()))
        self.body.addWidget(self.preview)
        self.toggled.connect(lambda _: self._look())

    def set_data(
        self,
        data: Mapping[str, Any],
        schema: Mapping[str, Any],
        catalogue: Mapping[str, Any],
        keep_typed: bool = False,
    ) -> None:
        """Show how `data` are masked; schema: of the group of settings. keep_typed: what was typed since stays."""
        self._data = dict(data)
        if self.settings is None:
            form = Form("data.masking", schema, catalogue)
            form.changed.connect(self._edited)
            form.validity_changed.connect(self._tell_validity)
            self.settings = FormInForce(form)
            self._usual = defaults(schema)
            self.body.insertWidget(0, form)
        self.settings.show({**self._usual, **data.get("masking", {})}, keep_typed)
        self._look()

    def values(self) -> dict[str, Any]:
        """Return every setting of masking by name, as the form shows it."""
        return self.settings.form.values() if self.settings is not None else {}

    def _edited(self) -> None:
        self._look()
        self.edited.emit()

    def _tell_validity(self, valid: bool) -> None:
        self._look()
        self.validity_changed.emit()

    def _show(self, answer: Mapping[str, Any]) -> None:
        self.preview.show_found(answer["found"])
        if self.settings is not None:
            there, key = answer["key_is_there"], answer["key"]
            lies = tr("The key lies in {path}." if there else "A key will be made in {path}.", path=key)
            self.settings.form.set_caption("method", lies if key else "")

    def _look(self) -> None:
        """Look through the data, unless nobody sees it or it has been done."""
        if not self._data or not self.is_open() or self.settings is None:
            return
        asked = {**self._data, "masking": self.values()}
        if self.settings.form.mistaken():
            self._asked = None
            self._job.cancel()
            self.preview.say(tr("Mend the settings that are marked first."))
        elif asked != self._asked:
            self._asked = asked
            self.preview.say(tr("Looking for personal data…"))
            self._job.start("masking.preview", {"data": asked})


class MaskingPreview(QWidget):
    """How many values of each pattern there are, and some of them before and after."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.masking_preview")
        self.setAccessibleName(tr("Personal data in these data"))
        self._lines: list[QLabel] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.small)

    def say(self, text: str) -> None:
        """Show a sentence in the place of everything."""
        self._clear()
        self._add(text, "caption")

    def show_found(self, found: list[Mapping[str, Any]]) -> None:
        """found: what masking.preview answers."""
        self._clear()
        there = [one for one in found if one["count"]]
        for one in there:
            title, count = tr(one["title"]), figures.count(one["count"])
            if one["masked"]:
                self._add(tr("{title}: {count} taken out", title=title, count=count), "")
            else:
                self._add(tr("{title}: {count} left as they are", title=title, count=count), "")
            self._add("\n".join(f"{before}  →  {after}" for before, after in one["examples"]), "muted")
        if not there:
            self._add(tr("No mail address, number or IP address was found."), "caption")

    def texts(self) -> list[str]:
        """Return what is shown, line by line."""
        return [line.text() for line in self._lines]

    def _add(self, text: str, style: str) -> None:
        line = look(QLabel(text), style) if style else QLabel(text)
        line.setTextFormat(Qt.TextFormat.PlainText)  # it shows what strangers wrote
        line.setWordWrap(True)
        self._lines.append(line)
        self._column.addWidget(line)

    def _clear(self) -> None:
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = []
