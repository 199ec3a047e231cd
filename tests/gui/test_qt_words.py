"""Qt's own words follow the language."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from workbench.core.words import use_language
from workbench.gui.qt_words import translate_qt


@pytest.fixture
def application(qapp: QApplication) -> Iterator[QApplication]:
    translate_qt(qapp)  # a test before this one may have left it in another language
    yield qapp
    use_language("en")
    translate_qt(qapp)


def file_name(qtbot: QtBot) -> str:
    dialog = QFileDialog()
    qtbot.addWidget(dialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    return dialog.labelText(QFileDialog.DialogLabel.FileName)


def test_a_file_dialog_speaks_the_language_in_use(application: QApplication, qtbot: QtBot) -> None:
    english = file_name(qtbot)
    use_language("zh_CN")
    translate_qt(application)
    chinese = file_name(qtbot)
    assert chinese != english
    assert not chinese.isascii()
    use_language("en")
    translate_qt(application)
    assert file_name(qtbot) == english
