"""The card of the Share page that encrypts a run, or takes the encryption away."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.locked_run import locked_file
from workbench.core.passphrases import asks_for_passphrase
from workbench.core.run_folder import RunFolder
from workbench.core.words import plural, tr
from workbench.gui.current_job import CurrentJob
from workbench.gui.pages.share_parts import Offer
from workbench.gui.passphrases import Passphrases, ask
from workbench.gui.widgets.card import Card


class EncryptCard(Card):
    """Says whether the chosen run is encrypted, and changes that after the passphrase was typed."""

    began = Signal(str)  # what is being done
    progressed = Signal(object, str)  # fraction or None when nobody knows, time left
    done = Signal(str)  # what was done
    failed = Signal(object)  # UserError
    changed = Signal()  # files of the run are others now

    def __init__(self, jobs: Any, passphrases: Passphrases, parent: QWidget | None = None) -> None:
        super().__init__(tr("Encryption"), parent=parent)
        self._passphrases = passphrases
        self._run = self._typed = ""
        self._locked = False
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(lambda _, fraction, left: self.progressed.emit(fraction, left))
        self._job.answered.connect(lambda answer: self._finish(int(answer["files"])))
        self._job.failed.connect(self._fail)
        self.encrypting = Offer(
            "lock-open",
            tr("Not encrypted"),
            tr(
                "Whoever has the folder of this run can use its model. With a passphrase, weights, labels, vocabulary, "
                "checkpoints and sample predictions are encrypted; recipe and curves stay readable."
            ),
            tr("Encrypt…"),
        )
        self.encrypting.button.setObjectName("share.encrypt")
        self.encrypting.wanted.connect(self._ask_for_new)
        self.decrypting = Offer(
            "lock",
            tr("Encrypted"),
            tr("It opens with its passphrase only. To train it further, take the encryption away first."),
            tr("Decrypt…"),
        )
        self.decrypting.button.setObjectName("share.decrypt")
        self.decrypting.wanted.connect(self._decrypt)
        self.add(self.encrypting)
        self.add(self.decrypting)
        self.set_run("")

    def set_run(self, path: str) -> None:
        """Show whether the run in this folder is encrypted."""
        self._run = path
        self._locked = bool(path) and locked_file(RunFolder(Path(path))) is not None
        self.encrypting.setVisible(not self._locked)
        self.decrypting.setVisible(self._locked)

    def cancel(self) -> None:
        """Stop what is under way; every file stays readable, encrypted or not."""
        self._job.cancel()
        self.set_run(self._run)

    def _ask_for_new(self) -> None:
        text = tr("Nobody can bring back what is encrypted when its passphrase is lost.")
        ask(text, self.window(), self._encrypt, new=True)

    def _encrypt(self, passphrase: str) -> None:
        self._typed = passphrase
        self.began.emit(tr("Encrypting {name}", name=Path(self._run).name))
        self._job.start("vault.encrypt", {"run": self._run, "passphrase": passphrase})

    def _decrypt(self) -> None:
        self.began.emit(tr("Decrypting {name}", name=Path(self._run).name))
        self._job.start("vault.decrypt", {"run": self._run})

    def _open_and_decrypt(self, passphrase: str) -> None:
        self._passphrases.remember(passphrase)
        self._decrypt()

    def _finish(self, files: int) -> None:
        was_locked = self._locked
        if self._typed:
            self._passphrases.remember(self._typed)
            self._typed = ""
        self.set_run(self._run)
        if was_locked:
            self.done.emit(plural(files, "{count} file is decrypted now.", "{count} files are decrypted now."))
        else:
            self.done.emit(plural(files, "{count} file is encrypted now.", "{count} files are encrypted now."))
        self.changed.emit()

    def _fail(self, error: UserError) -> None:
        self._typed = ""
        self.set_run(self._run)
        self.failed.emit(error)
        if self._locked and asks_for_passphrase(error):
            ask(tr(error.message), self.window(), self._open_and_decrypt)
