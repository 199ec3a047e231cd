"""The card of the Share page that serves a model: a switch, where to ask and with which token, and who asked."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QWidget

from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.service import Service
from workbench.gui.theme import fixed_font, look
from workbench.gui.widgets.buttons import link_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.combo import Combo
from workbench.gui.widgets.command_line import CommandLine
from workbench.gui.widgets.switch import Switch

_SNIPPETS = {
    "curl": "curl {address}/predict -H 'Authorization: Bearer {token}' {curl}",
    "Python": "import requests; print(requests.post('{address}/predict', "
    "headers={{'Authorization': 'Bearer {token}'}}, {python}).json())",
    "JavaScript": "await (await fetch('{address}/predict', {{method: 'POST', "
    "headers: {{Authorization: 'Bearer {token}'{kind}}}, body: {javascript}}})).json()",
}
_BODIES = {  # how each snippet sends an input of a kind
    "image": {
        "curl": "-F image=@picture.png",
        "python": "files={'image': open('picture.png', 'rb')}",
        "javascript": "new FormData(form)",
        "kind": "",
    },
    "other": {
        "curl": "-H 'Content-Type: application/json' -d '{body}'",
        "python": "json={body}",
        "javascript": "JSON.stringify({body})",
        "kind": ", 'Content-Type': 'application/json'",
    },
}
_EXAMPLES = {"text": '{"text": "…"}', "table": '{"row": {"…": 1}}', "series": '{"series": [[1], [2]]}'}
_SHOWN = 200  # lines of the log


class ServeCard(Card):
    """Serves the chosen run as long as the switch is on."""

    def __init__(self, service: Service, parent: QWidget | None = None) -> None:
        super().__init__(tr("As a service"), parent=parent)
        self._service = service
        self._run = self._kind = ""
        self.switch = Switch(tr("Answer requests on this machine"))
        self.switch.setObjectName("share.serve")
        self.switch.setAccessibleName(tr("Answer requests on this machine"))
        self.switch.setToolTip(tr("Starts a process that answers over HTTP, until this is switched off."))
        self.switch.clicked.connect(self._switch)
        self.state = look(QLabel(), "muted")
        self.state.setWordWrap(True)
        self.other = link_button(tr("Switch it off"))
        self.other.setObjectName("share.serve_other_off")
        self.other.clicked.connect(service.stop)
        self.docs = link_button(tr("What can be asked"))
        self.docs.setObjectName("share.docs")
        self.docs.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(self._docs())))
        self.address = CommandLine(tr("Address"))
        self.token = CommandLine(tr("Token"))
        self.language: QComboBox = Combo()
        self.language.setAccessibleName(tr("Language of the example"))
        self.language.addItems(list(_SNIPPETS))
        self.language.currentIndexChanged.connect(self._show)
        self.snippet = CommandLine(tr("Example"))
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(_SHOWN)
        self.log.setFixedHeight(120)
        self.log.setFont(fixed_font())
        self.log.setAccessibleName(tr("Requests"))
        for widget in (self.switch, self.state):
            self.add(widget)
        for link in (self.other, self.docs):
            self.body.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.address, self.token, self.language, self.snippet, self.log):
            self.add(widget)
        service.changed.connect(self._show)
        service.asked.connect(self._heard)
        for line in service.lines:
            self._heard(line)
        self._show()

    def set_run(self, path: str) -> None:
        """Offer to serve this run."""
        self._run = path
        self._show()

    def set_kind(self, kind: str) -> None:
        """Let the example send an input of this kind."""
        self._kind = kind
        self._show()

    def _switch(self) -> None:
        if self.switch.isChecked():
            self.log.clear()
            self._service.start(self._run)
        else:
            self._service.stop()

    def _show(self) -> None:
        service = self._service
        mine = bool(service.run) and service.run == self._run
        answers = mine and bool(service.address)
        self.switch.setChecked(mine)
        for widget in (self.docs, self.address, self.token, self.language, self.snippet, self.log):
            widget.setVisible(answers)
        self.other.setVisible(bool(service.run) and not mine)
        if answers:
            self.docs.setToolTip(tr("Opens {address} in the browser.", address=self._docs()))
            self.address.set_command(service.address)
            self.token.set_command(service.token)
            self.snippet.set_command(self._example())
        self.state.setText(self._words(mine))

    def _words(self, mine: bool) -> str:
        service = self._service
        if mine and not service.address:
            return tr("Starting…")
        if mine and (answered := service.answered()):
            return plural(
                len(answered),
                "{count} answer lately, in {took}.",
                "{count} answers lately; half of them took less than {took}.",
                took=figures.duration(statistics.median(answered)),
            )
        if mine:
            return tr("It answers.")
        if service.run:
            name = Path(service.run).name
            return tr("{name} is served now; switching on serves this run instead.", name=name)
        return tr("By the Open Inference Protocol, with files and JSON, and as OpenAI's API for models that write.")

    def _docs(self) -> str:
        return f"{self._service.address}/docs"

    def _example(self) -> str:
        form = _BODIES["image" if self._kind == "image" else "other"]
        body = _EXAMPLES.get(self._kind, "{}")
        parts = {name: text.replace("{body}", body) for name, text in form.items()}
        template = _SNIPPETS[self.language.currentText()]
        return template.format(address=self._service.address, token=self._service.token, **parts)

    def _heard(self, line: Mapping[str, Any]) -> None:
        took = f"{float(line['seconds']) * 1e3:.1f} ms"
        self.log.appendPlainText(
            f"{line['status']}  {took:>10}  {line['method']} {line['path']}  {line['reason']}".rstrip()
        )
        self._show()
