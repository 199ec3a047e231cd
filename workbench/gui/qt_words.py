"""Qt's own words, such as those of its file dialogs and of the menus of text fields, in the language in use."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

from workbench.core import words

_NAME = "workbench.qt"


def translate_qt(application: QCoreApplication) -> None:
    """Let Qt speak the language in use; what it spoke before ends."""
    for before in application.findChildren(QTranslator, _NAME):
        application.removeTranslator(before)
        before.setParent(None)
        before.deleteLater()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for name in ("qtbase", "qt"):
        translator = QTranslator(application)  # which keeps it alive
        translator.setObjectName(_NAME)
        if words.language() != "en" and translator.load(f"{name}_{words.language()}", folder):
            application.installTranslator(translator)
