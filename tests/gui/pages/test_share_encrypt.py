"""The card of the Share page that encrypts: what it says, what it starts, and what it asks for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first
from workbench.core.errors import UserError
from workbench.core.locked_file import MAGIC
from workbench.core.passphrases import NEEDED
from workbench.gui.pages.share_encrypt import EncryptCard
from workbench.gui.passphrases import PassphraseDialog, Passphrases

Show = Callable[..., QWidget]


class Heard(list[str]):
    def remember(self, passphrase: str) -> None:
        self.append(passphrase)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "models" / "step-00000001-a001"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"plain")
    return folder / "model.safetensors"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def engine(weights: Path) -> Canned:
    def encrypt(asked: dict[str, str]) -> dict[str, int]:
        weights.write_bytes(MAGIC + asked["passphrase"].encode())
        return {"files": 3}

    return Canned({"vault.encrypt": encrypt, "vault.decrypt": UserError(NEEDED, name="run")})


@pytest.fixture
def card(engine: Canned, heard: Heard, tmp_path: Path, show: Show) -> EncryptCard:
    card = EncryptCard(engine, Passphrases((heard,), engine))
    card.set_run(str(tmp_path / "run"))
    show(card, 700, 200)
    return card


def press(card: EncryptCard, name: str) -> PassphraseDialog | None:
    button: Any = card.findChild(QPushButton, name)
    button.click()
    return card.findChild(PassphraseDialog)


def test_encrypts_with_what_was_typed_and_remembers_it(card: EncryptCard, heard: Heard, qtbot: QtBot) -> None:
    assert card.encrypting.isVisible()
    dialog = press(card, "share.encrypt")
    assert dialog is not None
    dialog.first.setText("correct horse")
    dialog.again.setText("correct horse")
    with qtbot.waitSignal(card.done) as told:
        dialog.accepts.click()
    assert first(told) == "3 files are encrypted now."
    assert card.decrypting.isVisible()
    assert not card.encrypting.isVisible()
    assert heard == ["correct horse"]


def test_asks_for_the_passphrase_where_it_is_not_known(
    card: EncryptCard, engine: Canned, heard: Heard, weights: Path, qtbot: QtBot
) -> None:
    weights.write_bytes(MAGIC)
    card.set_run(str(weights.parents[2]))
    with qtbot.waitSignal(card.failed):
        press(card, "share.decrypt")
    qtbot.waitUntil(lambda: card.findChild(PassphraseDialog) is not None)
    dialog: Any = card.findChild(PassphraseDialog)

    def decrypt(asked: dict[str, str]) -> dict[str, int]:
        weights.write_bytes(b"plain")
        return {"files": 1}

    engine.answers["vault.decrypt"] = decrypt
    dialog.first.setText("correct horse")
    with qtbot.waitSignal(card.done) as told:
        dialog.accepts.click()
    assert first(told) == "1 file is decrypted now."
    assert heard == ["correct horse"]
    assert card.encrypting.isVisible()
