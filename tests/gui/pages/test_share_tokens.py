"""The dialog about named tokens: made, shown once, listed and taken back, in the file that the command has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton

from workbench.core import access
from workbench.gui.pages.share_tokens import TokensDialog


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def dialog(file: Path, show: Callable[..., Any]) -> TokensDialog:
    return show(TokensDialog(file), 700, 480)


def press(dialog: TokensDialog, name: str) -> None:
    button: Any = dialog.findChild(QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    button.click()


def test_a_token_is_shown_once_and_let_in(dialog: TokensDialog, file: Path) -> None:
    assert not dialog.add.isEnabled()
    assert dialog.add.toolTip() == "Name whoever gets it."
    dialog.name.setText(" ana ")
    dialog.days.setValue(7)
    dialog.pace.setValue(60)
    press(dialog, "share.token_add")
    assert access.Tokens(file).judged(dialog.token.line.text()) == ("", "ana")
    [known] = access.read(file)
    assert (known.per_minute, known.expires > 0) == (60, True)
    assert dialog.table.row_at(0)["pace"] == "60 requests a minute"
    assert "of ana. Copy it now" in dialog.told.text()
    dialog.name.setText("ana")
    press(dialog, "share.token_add")
    assert not dialog.token.isVisible()
    assert "There is a token called ana." in dialog.told.text()


def test_one_is_taken_back_after_a_second_thought(dialog: TokensDialog, file: Path) -> None:
    assert not dialog.revoke.isEnabled()
    dialog.name.setText("ben")
    press(dialog, "share.token_add")
    token = dialog.token.line.text()
    dialog.table.selectRow(0)
    press(dialog, "share.token_revoke")
    assert access.Tokens(file).judged(token) == ("", "ben")
    press(dialog, "share.token_revoke_yes")
    assert access.Tokens(file).judged(token) == ("revoked", "ben")
    assert not dialog.sure.isVisible()
    dialog.table.selectRow(0)
    assert not dialog.revoke.isEnabled()
    assert dialog.table.row_at(0)["validity"] == "revoked"


def test_a_list_that_cannot_be_read_is_said(file: Path, show: Callable[..., Any]) -> None:
    file.write_text('{"ana": {"odd": 1}}')
    assert "is not a list of tokens" in show(TokensDialog(file), 700, 480).told.text()
