"""The Share page: copies made in the background, and commands to copy."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.pages.canned import Canned, first, words
from workbench.core.errors import UserError
from workbench.core.passphrases import NEEDED
from workbench.gui.pages.share import SharePage
from workbench.gui.passphrases import PassphraseDialog, Passphrases
from workbench.gui.service import Service
from workbench.gui.widgets.banner import Banner

Show = Callable[..., QWidget]
TARGETS = [
    {"kind": "hugging-face", "title": "Hugging Face folder", "summary": "A folder.", "why": words("Too odd.")},
    {"kind": "onnx", "title": "ONNX", "summary": "A graph.", "why": None},
]
FORMATS = [
    {"kind": "int8", "title": "int8", "summary": "Of 8 bits."},
    {"kind": "float16", "title": "float16", "summary": "Of 16 bits."},
]
SERVED = """
import json, sys
def say(**line): print(json.dumps(line), flush=True)
if "bad" in sys.argv[1]:
    sys.exit("The model is damaged.")
say(address="http://127.0.0.1:8000", token="secret", models=["b"])
say(status=200, seconds=0.002, method="POST", path="/predict", route="/predict", reason="")
say(status=401, seconds=0.001, method="POST", path="/predict", route="refused", reason="unknown")
say(status=200, seconds=0.009, method="GET", path="/docs", route="/docs", reason="")
sys.stdin.read()
"""
RUNS = [{"path": "/my runs/b", "title": "convnet-digits", "epoch": 6, "score": "91.9 %"}]


@pytest.fixture
def engine() -> Canned:
    copies = {name: lambda asked: {"path": asked["path"]} for name in ("sharing.copy_model", "sharing.copy_recipe")}
    formats = {"formats": FORMATS, "why": None, "pruning": None, "teaching": None}
    targets = {"inputs": "table", "targets": TARGETS}
    return Canned({"exporting.targets": targets, "compressing.formats": formats, **copies})


@pytest.fixture
def service(qapp: object) -> Iterator[Service]:
    """Serve by a stand-in that says what `workbench serve --json` says."""
    service = Service(command=(sys.executable, "-c", SERVED))
    yield service
    service.end()
    service.deleteLater()


@pytest.fixture
def page(engine: Canned, service: Service, show: Show) -> SharePage:
    page = SharePage(engine, engine, service, Passphrases(()))
    show(page, 1000, 700)
    page.set_runs(RUNS)
    return page


def find(page: SharePage, name: str) -> Any:
    return page.findChild(QWidget, name)


def banners(page: SharePage) -> list[str]:
    return [banner.text for banner in page.findChildren(Banner) if banner.isVisible()]


def test_without_a_run_it_says_what_to_do(engine: Canned, service: Service, show: Show, qtbot: QtBot) -> None:
    page = SharePage(engine, engine, service, Passphrases(()))
    show(page, 900, 600)
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.training_requested):
        page.empty.acted.emit()


def test_shows_commands_that_can_be_copied(page: SharePage) -> None:
    assert page.predict.line.text() == "workbench predict '/my runs/b' INPUT"
    page.train.copy.click()
    assert QGuiApplication.clipboard().text() == "workbench train '/my runs/b/recipe.toml'"


def test_saves_a_copy_of_the_run(
    page: SharePage, engine: Canned, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b.zip"), ""))
    engine.held.add("sharing.pack")
    find(page, "share.copy").click()
    job = engine.jobs[-1]
    assert (job.name, job.arguments) == ("sharing.pack", {"run": "/my runs/b", "path": str(tmp_path / "b.zip")})
    assert page.progress.isVisible()
    job.report("Packing", 30, 60)
    assert page.progress.line.fraction() == 0.5
    job.answered.emit({"path": str(tmp_path / "b.zip"), "size": 3_400_000})
    assert not page.progress.isVisible()
    qtbot.waitUntil(lambda: banners(page) == [f"Saved b.zip, 3.4 MB. {tmp_path / 'b.zip'}"])


@pytest.mark.parametrize(
    ("button", "name"), [("share.model", "sharing.copy_model"), ("share.recipe", "sharing.copy_recipe")]
)
def test_saves_model_and_recipe(
    page: SharePage, engine: Canned, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, button: str, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/to/there", ""))
    find(page, button).click()
    assert engine.jobs[-1].name == name
    qtbot.waitUntil(lambda: banners(page) == ["Saved there. /to/there"])


def test_a_closed_dialog_starts_nothing(page: SharePage, engine: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    find(page, "share.copy").click()
    assert not engine.jobs


def test_failures_and_cancel(page: SharePage, engine: Canned, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/x.zip", ""))
    engine.held.add("sharing.pack")
    find(page, "share.copy").click()
    page.progress.cancel.click()
    assert engine.jobs[-1].is_cancelled
    assert not page.progress.isVisible()
    find(page, "share.copy").click()
    engine.jobs[-1].failed.emit(UserError("The disk is full."))
    qtbot.waitUntil(lambda: banners(page) == ["The disk is full."])
    assert not page.progress.isVisible()


def test_a_model_is_exported_in_the_form_that_is_chosen(
    page: SharePage, engine: Canned, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "b-onnx"), ""))
    engine.held.add("exporting.export")
    qtbot.waitUntil(find(page, "share.export").isEnabled)
    assert [page.exports.target.itemText(place) for place in range(2)] == ["ONNX", "Hugging Face folder"]
    find(page, "share.export").click()
    job = engine.jobs[-1]
    assert job.name == "exporting.export"
    assert job.arguments == {"run": "/my runs/b", "path": str(tmp_path / "b-onnx"), "kind": "onnx"}
    said = {"template": "Its first {steps} losses are those of the run, to the last bit.", "values": {"steps": 20}}
    job.answered.emit({"path": str(tmp_path / "b-onnx"), "size": 52_000, "difference": 0.0, "said": said})
    qtbot.waitUntil(lambda: bool(banners(page)))
    assert "Its first 20 losses are those of the run, to the last bit." in banners(page)[0]


def test_a_form_that_does_not_fit_says_why(page: SharePage, qtbot: QtBot) -> None:
    qtbot.waitUntil(find(page, "share.export").isEnabled)
    page.exports.target.setValue("hugging-face")
    assert not find(page, "share.export").isEnabled()
    assert page.exports.summary.text() == "A folder. Too odd."
    page.exports.target.setValue("onnx")
    assert find(page, "share.export").isEnabled()


def test_a_model_that_cannot_be_read_is_said(engine: Canned, service: Service, show: Show, qtbot: QtBot) -> None:
    engine.answers["exporting.targets"] = UserError("The model is damaged.")
    page = SharePage(engine, engine, service, Passphrases(()))
    show(page, 1000, 700)
    page.set_runs(RUNS)
    qtbot.waitUntil(lambda: page.exports.summary.text() == "The model is damaged.")
    assert not find(page, "share.export").isEnabled()
    assert find(page, "share.export").toolTip() == "The model is damaged."


def test_an_encrypted_run_is_looked_at_once_its_passphrase_was_typed_on_the_card(
    engine: Canned, service: Service, show: Show, qtbot: QtBot
) -> None:
    class Listener:
        def remember(self, passphrase: str) -> None:
            engine.given[0].answered.emit(engine.answers["exporting.targets"])

    engine.held.add("exporting.targets")
    page = SharePage(engine, engine, service, Passphrases((Listener(),), engine))
    show(page, 1000, 700)
    page.set_runs(RUNS)
    assert not find(page, "share.unlock").isVisible()
    engine.given[0].locked.emit(UserError(NEEDED, name="b"))
    assert page.exports.summary.text() == "b is encrypted: its passphrase is needed."
    assert find(page, "share.unlock").isVisible()
    find(page, "share.unlock").click()
    dialog: Any = page.findChild(PassphraseDialog)
    dialog.first.setText("correct horse")
    dialog.accepts.click()
    assert find(page, "share.export").isEnabled()
    assert not find(page, "share.unlock").isVisible()


def test_what_is_decrypted_is_looked_at_again(page: SharePage, engine: Canned, qtbot: QtBot) -> None:
    locked = UserError("It is encrypted.")
    answers = dict(engine.answers)
    engine.answers |= {"exporting.targets": locked, "compressing.formats": locked}
    page.set_runs([{**RUNS[0], "path": "/locked"}])
    buttons = [find(page, "share.export"), find(page, "share.compress")]
    qtbot.waitUntil(lambda: all(button.toolTip() == "It is encrypted." for button in buttons))
    engine.answers |= answers | {"vault.decrypt": {"files": 1}}
    page.encryption.decrypting.wanted.emit()
    qtbot.waitUntil(lambda: all(button.isEnabled() for button in buttons))


def test_a_model_is_served_while_the_switch_is_on(
    page: SharePage, service: Service, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = page.serving
    assert not card.address.isVisible()
    find(page, "share.serve").click()
    assert card.state.text() == "Starting…"
    qtbot.waitUntil(lambda: len(service.lines) == 3)
    assert card.address.line.text() == "http://127.0.0.1:8000"
    assert card.token.line.text() == "secret"
    assert card.state.text() == "1 answer lately, in 2.0 ms."  # neither what was refused nor the page about it
    assert "200      2.0 ms  POST /predict" in card.log.toPlainText()
    assert "401      1.0 ms  POST /predict  unknown" in card.log.toPlainText()
    qtbot.waitUntil(lambda: '"row"' in card.snippet.line.text())
    for language in ("curl", "Python", "JavaScript"):
        card.language.setCurrentText(language)
        assert "http://127.0.0.1:8000/predict" in card.snippet.line.text()
        assert "Bearer secret" in card.snippet.line.text()
    card.set_kind("image")
    assert "picture.png" in card.snippet.line.text() or "FormData" in card.snippet.line.text()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    find(page, "share.docs").click()
    assert opened == ["http://127.0.0.1:8000/docs"]
    assert not card.other.isVisible()
    card.set_run("/other")
    assert not find(page, "share.serve").isChecked()
    assert card.state.text() == "b is served now; switching on serves this run instead."
    card.set_run("/my runs/b")
    assert find(page, "share.serve").isChecked()
    find(page, "share.serve").click()
    assert service.run == ""
    assert not card.address.isVisible()


def test_another_run_that_is_served_can_be_switched_off(page: SharePage, service: Service, qtbot: QtBot) -> None:
    find(page, "share.serve").click()
    page.serving.set_run("/other")
    assert find(page, "share.serve_other_off").isVisible()
    with qtbot.waitSignal(service.changed):
        find(page, "share.serve_other_off").click()
    assert service.run == ""
    assert not find(page, "share.serve_other_off").isVisible()


def test_a_service_that_ends_is_said(page: SharePage, service: Service, qtbot: QtBot) -> None:
    page.set_runs([{**RUNS[0], "path": "/bad"}])
    with qtbot.waitSignal(service.failed) as failed:
        find(page, "share.serve").click()
    assert "The model is damaged." in first(failed).translated()
    assert not find(page, "share.serve").isChecked()


def test_what_is_served_outlives_the_page(
    page: SharePage, engine: Canned, service: Service, show: Show, qtbot: QtBot
) -> None:
    find(page, "share.serve").click()
    qtbot.waitUntil(lambda: len(service.lines) == 3)
    again = SharePage(engine, engine, service, Passphrases(()))  # as after a change of the language
    show(again, 1000, 700)
    again.set_runs(RUNS)
    assert find(again, "share.serve").isChecked()
    assert again.serving.log.toPlainText().count("\n") == 2


def test_a_smaller_model_is_made_and_can_be_compared(page: SharePage, engine: Canned, qtbot: QtBot) -> None:
    engine.held.add("compressing.compress")
    qtbot.waitUntil(find(page, "share.compress").isEnabled)
    page.compressing.format.setValue("float16")
    assert page.compressing.summary.text() == "Of 16 bits."
    find(page, "share.compress").click()
    job = engine.jobs[-1]
    assert (job.name, job.arguments) == ("compressing.compress", {"run": "/my runs/b", "kind": "float16"})
    assert page.progress.isVisible()
    with qtbot.waitSignal(page.made) as made:
        job.answered.emit({"run": "/my runs/b16", "name": "b16"})
    assert first(made) == "b16"
    qtbot.waitUntil(lambda: bool(banners(page)))
    compare = next(each for each in page.findChildren(QPushButton) if each.text() == "Compare with the original")
    with qtbot.waitSignal(page.comparing_requested) as wanted:
        compare.click()
    assert first(wanted) == ["/my runs/b", "/my runs/b16"]


def test_what_is_compressed_already_says_so(page: SharePage, engine: Canned, qtbot: QtBot) -> None:
    why = words("This model is compressed already, to {format}.", format="int8")
    engine.answers["compressing.formats"] = {"formats": FORMATS, "why": why, "pruning": None, "teaching": why}
    page.set_runs([{**RUNS[0], "path": "/my runs/b8"}])
    qtbot.waitUntil(lambda: page.compressing.summary.text() == "This model is compressed already, to int8.")
    assert not find(page, "share.compress").isEnabled()
    assert find(page, "share.prune").isEnabled()
    assert not find(page, "share.distil").isEnabled()
    assert find(page, "share.distil").toolTip() == "This model is compressed already, to int8."


def test_pruning_and_teaching_begin_with_this_run(page: SharePage, qtbot: QtBot) -> None:
    page.compressing.share.setValue(0.5)
    page.compressing.epochs.setValue(5)
    with qtbot.waitSignal(page.pruning_requested) as pruned:
        find(page, "share.prune").click()
    assert pruned.args == ["/my runs/b", 0.5, 5]
    with qtbot.waitSignal(page.distilling_requested) as taught:
        find(page, "share.distil").click()
    assert first(taught) == "/my runs/b"
