"""One window for each folder of runs: a second start raises the first."""

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_PATIENCE_MILLISECONDS = 500


class OnlyWindow(QObject):
    """Listens under a name that belongs to the folder; wanted() when another start asks for the window."""

    wanted = Signal()

    def __init__(self, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        digest = hashlib.sha256(str(runs).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self.name = f"workbench-{digest}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._heard)

    def raised_another(self) -> bool:
        """Ask the window that is there already to come to the front; without one, be that window from now on."""
        socket = QLocalSocket()
        socket.connectToServer(self.name)
        if socket.waitForConnected(_PATIENCE_MILLISECONDS):
            socket.disconnectFromServer()
            return True
        QLocalServer.removeServer(self.name)  # left behind by a crash
        self._server.listen(self.name)
        return False

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    def _heard(self) -> None:
        while connection := self._server.nextPendingConnection():
            connection.deleteLater()
        self.wanted.emit()
