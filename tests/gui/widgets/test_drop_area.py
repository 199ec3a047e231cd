from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.drop_area import DropArea


def files(*names: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(name) for name in names])
    return data


def drag(area: DropArea, data: QMimeData) -> bool:
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QCoreApplication.sendEvent(area, event)
    return event.isAccepted()


def drop(area: DropArea, data: QMimeData) -> bool:
    drag(area, data)  # Qt delivers a drop only where something was dragged to
    event = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QCoreApplication.sendEvent(area, event)
    return event.isAccepted()


@pytest.fixture
def area(show: Callable[..., DropArea]) -> DropArea:
    return show(DropArea("Drop an image here", "PNG, JPEG or WebP"))


def test_files_come_first(area: DropArea, qtbot: QtBot) -> None:
    data = files("/a/one.png", "/a/两.png")
    data.setText("file:///a/one.png")
    assert drag(area, data)
    with qtbot.waitSignal(area.files_dropped) as dropped, qtbot.assertNotEmitted(area.text_dropped):
        assert drop(area, data)
    assert dropped.args == [["/a/one.png", "/a/两.png"]]


def test_texts_and_images_are_taken(area: DropArea, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setText("a fine product")
    with qtbot.waitSignal(area.text_dropped) as text:
        assert drop(area, data)
    assert text.args == ["a fine product"]
    picture = QImage(4, 3, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    data = QMimeData()
    data.setImageData(picture)
    with qtbot.waitSignal(area.image_dropped) as image:
        assert area.take(data)
    assert image.args is not None
    assert image.args[0].size() == picture.size()


def test_nothing_useful_is_refused(area: DropArea) -> None:
    data = QMimeData()
    assert not drag(area, data)
    data.setText("   ")
    assert not area.take(data)
    data = QMimeData()
    data.setUrls([QUrl("https://example.com/a.png")])
    assert not drop(area, data)


def test_the_area_changes_while_something_hovers_over_it(area: DropArea) -> None:
    calm = area.grab().toImage()
    drag(area, files("/a/one.png"))
    assert area.grab().toImage() != calm
    QCoreApplication.sendEvent(area, QDragLeaveEvent())
    assert area.grab().toImage() == calm


def test_content_takes_the_place_of_the_invitation(area: DropArea) -> None:
    label = QLabel("seven.png")
    area.set_content(label)
    assert label.isVisible()
    assert not area._invitation.isVisible()
    area.set_content(None)
    assert area._invitation.isVisible()
    assert not label.isVisible()
