"""The program with its window: one application, one window over one folder of runs."""

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QLoggingCategory, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from workbench.core import paths
from workbench.core.words import system_language, use_language
from workbench.gui import garbage, theme
from workbench.gui.last_time import LastTime
from workbench.gui.main_window import MainWindow
from workbench.gui.memory import Memory
from workbench.gui.notices import Notices
from workbench.gui.only_window import OnlyWindow
from workbench.gui.qt_words import translate_qt
from workbench.gui.turns import Turns

_SIGNALS_MILLISECONDS = 200  # how soon Ctrl-C in the terminal is heard: Python sees it only when Python runs


def make_window(runs: Path) -> MainWindow:
    """Return the window over the folder `runs`, inside the application that exists; it is not shown yet."""
    application = QApplication.instance()
    assert isinstance(application, QApplication), "make the QApplication first"
    theme.install(application, theme.current().choice)
    QLoggingCategory.setFilterRules("qt.gui.imageio*=false")  # the page says what is wrong with an image
    return MainWindow(Path(runs).absolute())


def run(runs: Path | None = None, *, demo: bool = False) -> int:
    """Show the window until it is closed, and return the exit code.

    runs: folder of the runs, or None for the person's own. demo: train the digits sample at once.
    """
    application = QApplication(sys.argv[:1])
    application.setApplicationName("workbench")
    application.setApplicationDisplayName("Workbench")
    application.setDesktopFileName("workbench")
    folder = Path(runs or paths.runs()).absolute()
    only = OnlyWindow(folder)
    if only.raised_another():
        return 0
    last_time = LastTime(only.name)
    left_open = last_time.begin()
    notices = Notices()
    crash = notices.install()
    memory = Memory()
    use_language(memory.get("language", "") or system_language())
    translate_qt(application)
    theme.install(application, memory.get("theme", "system"))  # type: ignore[arg-type]
    application.setWindowIcon(_icon())
    window = make_window(folder)
    notices.caught.connect(window.memory.flush)
    notices.raised.connect(window.tell)
    only.wanted.connect(window.come_to_front)
    _heed_signals(application, window)
    Turns(window)
    window.pages_built.connect(lambda: QTimer.singleShot(0, garbage.set_aside))
    window.behind.devices_came.connect(lambda: QTimer.singleShot(0, garbage.set_more_aside))  # the forms are there
    if demo:
        window.begin_demo()  # its trainer gets ready while the window is painted
    window.show()
    if left_open:
        window.tell_unexpected_end(crash)
    code = application.exec()
    notices.uninstall()
    last_time.end()
    only.close()
    if not window.is_quiet():
        sys.stdout.flush()
        os._exit(code)  # a thread still saves and was given its time: to destroy it would end in a crash instead
    return code


def _icon() -> QIcon:
    icon = QIcon()
    for path in sorted((paths.resources() / "icons").glob("workbench*")):
        icon.addFile(str(path))
    return icon


def _heed_signals(application: QApplication, window: MainWindow) -> None:
    """End as a logout does when the terminal or the system asks: what trains in a process goes on, a thread saves."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: window.end("keep"))
    timer = QTimer(application)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNALS_MILLISECONDS)
