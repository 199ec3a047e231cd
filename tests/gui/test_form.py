from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from workbench.core.settings import Hint, Settings
from workbench.gui.form import Form
from workbench.gui.form_row import FieldRow
from workbench.gui.form_schema import fields_of
from workbench.gui.widgets.fold import Fold


class Augmentation(Settings):
    flip: Annotated[bool, Field(title="Flip", description="Mirrors half of the images.")] = False
    turn: Annotated[float, Field(ge=0, le=180, title="Turn"), Hint(unit="degrees")] = 0.0


class Example(Settings):
    epochs: Annotated[int, Field(ge=1, le=1000, title="Epochs", description="Passes over the training images.")] = 8
    batch_size: Annotated[Annotated[int, Field(ge=1)] | Literal["auto", "all"], Field(title="Batch size")] = 64
    rate: Annotated[float, Field(gt=0, le=10, title="Rate"), Hint(log=True)] = 0.001
    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(title="Widths", min_length=1)] = (32, 64)
    runs_in: Annotated[
        Literal["own process", "worker thread"],
        Field(title="Runs in"),
        Hint(choices={"own process": "A process of its own", "worker thread": "The worker thread"}),
    ] = "own process"
    depth: Literal[18, 34] = 18
    names: Annotated[tuple[str, ...], Field(title="Names")] = ()
    path: Annotated[Path, Field(title="Path"), Hint(chooser="folder")] = Path("images")
    note: Annotated[str, Field(title="Note"), Hint(advanced=True)] = ""
    patience: Annotated[int, Field(ge=0, title="Patience"), Hint(advanced=True)] = 0
    secret: Annotated[int, Hint(hidden=True)] = 7
    kind: Literal["example"] = "example"
    augmentation: Annotated[Augmentation, Field(title="Augmentation")] = Augmentation()


class Adam(Settings):
    kind: Literal["adam"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=10, title="Learning rate"), Hint(log=True)] = 0.001


class Sgd(Settings):
    kind: Literal["sgd"] = "sgd"
    learning_rate: Annotated[float, Field(gt=0, le=10, title="Learning rate"), Hint(log=True)] = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1, title="Momentum"), Hint(advanced=True)] = 0.9


def schema() -> dict[str, Any]:
    result = Example.model_json_schema()
    chosen = {"registry": "training.optimizer", "default_kind": "adam", "title": "Optimizer"}
    result["properties"]["optimizer"] = chosen
    return result


CATALOGUE = {
    "optimizers": {
        "adam": {"title": "Adam", "summary": "Adapts each step.", "schema": Adam.model_json_schema()},
        "sgd": {"title": "Plain descent", "summary": "One rate for all.", "schema": Sgd.model_json_schema()},
    }
}


@pytest.fixture
def form(show: Callable[..., Form]) -> Form:
    return show(Form("training", schema(), CATALOGUE), 260, 900)


def line(form: Form, path: str) -> QLineEdit:
    found = form.findChildren(QLineEdit, f"form.training.{path}")
    assert len(found) == 1
    return found[0]


def box(form: Form, path: str) -> QComboBox:
    found = form.findChild(QComboBox, f"form.training.{path}")
    assert found is not None
    return found


def test_a_form_begins_with_the_defaults(form: Form) -> None:
    assert form.values() == {
        "kind": "example",
        "epochs": 8,
        "batch_size": 64,
        "rate": 0.001,
        "widths": [32, 64],
        "runs_in": "own process",
        "depth": 18,
        "names": [],
        "path": "images",
        "note": "",
        "patience": 0,
        "augmentation": {"flip": False, "turn": 0.0},
        "optimizer": {"kind": "adam", "learning_rate": 0.001},
    }
    assert form.valid()
    assert line(form, "rate").text() == "0.001"
    assert line(form, "widths").text() == "32, 64"


def test_what_a_form_gives_is_what_settings_take(form: Form) -> None:
    values = form.values()
    del values["optimizer"]
    assert Example.model_validate(values) == Example()


def test_every_field_says_what_it_is(form: Form) -> None:
    rows = form.findChildren(FieldRow)
    assert len(rows) == 14
    for row in rows:
        control = row.editor.control()
        assert control.objectName().startswith("form.training.")
        assert control.accessibleName()
    assert (
        line(form, "epochs").toolTip()
        == line(form, "epochs").accessibleDescription()
        == "Passes over the training images."
    )


def test_edits_by_the_usual_means_are_told(form: Form, qtbot: QtBot) -> None:
    told: list[dict[str, Any]] = []
    form.changed.connect(told.append)
    line(form, "epochs").setText("3")
    line(form, "batch_size").setText("all")
    line(form, "rate").setText("1e-5")
    line(form, "widths").setText("8 16，32")
    box(form, "runs_in").setCurrentText("The worker thread")
    box(form, "depth").setCurrentIndex(1)
    switch = form.findChild(QCheckBox, "form.training.augmentation.flip")
    assert switch is not None
    switch.setChecked(True)
    last = told[-1]
    assert (last["epochs"], last["batch_size"], last["rate"], last["widths"]) == (3, "all", 1e-5, [8, 16, 32])
    assert (last["runs_in"], last["depth"], last["augmentation"]["flip"]) == ("worker thread", 34, True)


def test_a_choice_takes_a_label_or_a_value(form: Form) -> None:
    box(form, "runs_in").setCurrentText("worker thread")
    assert form.values()["runs_in"] == "worker thread"
    box(form, "optimizer").setCurrentText("sgd")
    assert form.values()["optimizer"]["kind"] == "sgd"


def test_what_is_wrong_stands_below_the_field_at_once(form: Form, qtbot: QtBot) -> None:
    told: list[dict[str, Any]] = []
    form.changed.connect(told.append)
    with qtbot.waitSignal(form.validity_changed) as changed:
        line(form, "epochs").setText("0")
    assert changed.args == [False]
    assert form.errors() == {"epochs": "At least 1."}
    assert not form.valid()
    assert told == []
    assert form.values()["epochs"] == 0 or form.values()["epochs"] == "0"
    assert line(form, "epochs").property("wrong") is True
    line(form, "epochs").setText("5")
    assert form.valid()
    assert told[-1]["epochs"] == 5


def test_choosing_another_kind_shows_its_settings(form: Form) -> None:
    line(form, "optimizer.learning_rate").setText("0.5")
    box(form, "optimizer").setCurrentText("Plain descent")
    assert form.values()["optimizer"] == {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9}
    assert line(form, "optimizer.learning_rate").text() == "0.1"
    box(form, "optimizer").setCurrentText("Adam")
    assert form.values()["optimizer"] == {"kind": "adam", "learning_rate": 0.5}


def test_set_values_shows_without_telling(form: Form) -> None:
    told: list[dict[str, Any]] = []
    form.changed.connect(told.append)
    new = {
        "epochs": 2,
        "widths": (4,),
        "secret": 9,
        "unknown": 1,
        "optimizer": {"kind": "sgd", "learning_rate": 0.3},
        "augmentation": {"turn": 15},
    }
    form.set_values(new)
    values = form.values()
    assert (values["epochs"], values["widths"], values["secret"]) == (2, [4], 9)
    assert values["optimizer"] == {"kind": "sgd", "learning_rate": 0.3, "momentum": 0.9}
    assert values["augmentation"] == {"flip": False, "turn": 15}
    assert "unknown" not in values
    assert told == []


def test_a_value_that_is_not_offered_is_kept_and_said(form: Form) -> None:
    form.set_values({"depth": 50, "optimizer": {"kind": "lion"}})
    assert form.errors() == {"depth": "50 is not one of the choices.", "optimizer": "lion is not one of the choices."}
    assert form.values()["depth"] == 50
    box(form, "depth").setCurrentIndex(1)
    box(form, "optimizer").setCurrentText("Adam")
    assert form.valid()


def test_errors_of_a_check_are_shown_until_the_field_is_edited(form: Form) -> None:
    left = form.show_errors({"training.patience": "Longer than the run.", "data.path": "Gone."})
    assert left == ["data.path"]
    assert form.errors() == {"patience": "Longer than the run."}
    assert line(form, "patience").isVisibleTo(form)
    line(form, "patience").setText("1")
    assert form.valid()
    form.show_errors({"optimizer.learning_rate": "Too large."})
    form.show_errors({})
    assert form.valid()


def test_captions_stay_when_another_kind_is_chosen(form: Form) -> None:
    form.set_caption("optimizer.learning_rate", "finder suggests 0.0008 – 0.004")
    box(form, "optimizer").setCurrentText("Plain descent")
    captions = [row._caption.text() for path, row in form._panel.rows() if path == "optimizer.learning_rate"]
    assert captions == ["finder suggests 0.0008 – 0.004"]


def test_some_fields_stay_enabled_while_a_run_goes_on(form: Form) -> None:
    form.set_enabled_fields({"epochs", "augmentation"}, why="Fixed while it trains.")
    assert line(form, "epochs").isEnabled()
    assert line(form, "augmentation.turn").isEnabled()
    assert not line(form, "rate").isEnabled()
    assert line(form, "rate").toolTip() == "Fixed while it trains."
    box(form, "optimizer").setCurrentText("Plain descent")
    assert not line(form, "optimizer.learning_rate").isEnabled()
    form.set_enabled_fields(None)
    assert line(form, "rate").isEnabled()


def test_advanced_settings_are_folded_away(form: Form) -> None:
    assert not line(form, "note").isVisible()
    fold = form._panel._fold
    assert fold is not None
    fold.set_open(True)
    assert line(form, "note").isVisible()


def test_a_closed_fold_says_which_settings_in_it_are_not_as_usual(form: Form) -> None:
    fold = form.findChildren(Fold)[0]
    handle = fold._handle
    assert handle.count == 0
    form.set_values({"patience": 3, "epochs": 5})
    assert (handle.count, handle.toolTip()) == (1, "Settings that are rarely changed\nNot as usual: Patience.")
    form.field("note").setText("mine")  # type: ignore[union-attr]
    assert handle.toolTip().endswith("Not as usual: Note, Patience.")
    form.set_values({"epochs": 6}, whole=True)
    assert handle.count == 0


def test_the_whole_of_a_form_has_defaults_where_nothing_is_given(form: Form) -> None:
    before = form.values()
    form.set_values({"epochs": 5, "widths": [1], "augmentation": {"flip": True}, "optimizer": {"kind": "sgd"}})
    form.set_values({"rate": 0.5}, whole=True)
    assert form.values() == {**before, "rate": 0.5}


def test_the_arrow_keys_step(form: Form, qtbot: QtBot) -> None:
    field = line(form, "rate")
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.text() == "0.002"
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "0.0005"
    field.setText("x")
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.text() == "x"


def wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(widget, event)


def test_the_wheel_changes_only_the_field_with_the_focus(form: Form, qtbot: QtBot) -> None:
    line(form, "note").setFocus()
    before = form.values()
    form.setFocus()
    for widget in (line(form, "epochs"), box(form, "runs_in")):
        widget.clearFocus()
        wheel(widget)
    assert form.values() == before
    line(form, "epochs").setFocus()
    qtbot.waitUntil(line(form, "epochs").hasFocus)
    wheel(line(form, "epochs"))
    assert form.values()["epochs"] == 9


def test_f1_says_what_a_field_means(form: Form, qtbot: QtBot) -> None:
    qtbot.keyClick(line(form, "epochs"), Qt.Key.Key_F1)
    assert QToolTip.text() == "Passes over the training images."
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_a_field_that_is_described_again_keeps_its_place_and_its_value(form: Form) -> None:
    before, order = form.values(), [path for path, _ in form._panel.rows()]
    form.describe_again("epochs", {"title": "Epochs", "type": "integer", "enum": [before["epochs"], 99]})
    assert isinstance(form.field("epochs"), QComboBox)
    assert form.values() == before
    assert [path for path, _ in form._panel.rows()] == order
    (found,) = [child for child in form.findChildren(QWidget) if child.objectName() == "form.training.epochs"]
    assert found is form.field("epochs")
    form.describe_again("epochs", {"title": "Epochs", "type": "integer", "enum": [98, 99]})
    assert not form.valid()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_garbage_in_any_field_is_said_and_breaks_nothing(form: Form, text: str) -> None:
    for path, row in form._panel.rows():
        control = row.editor.control()
        if isinstance(control, QLineEdit):
            control.setText(text)
            assert isinstance(row.problem(), str), path
    form.values()
    form.errors()


def test_a_type_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="no field for strange"):
        fields_of({"properties": {"strange": {"type": "object"}}})


def test_the_tab_key_goes_through_the_fields_in_their_order(form: Form, qtbot: QtBot) -> None:
    line(form, "epochs").setFocus()
    names = []
    for _ in range(4):
        widget = form.focusWidget()
        names.append(widget.objectName() if widget else "")
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    assert names == [f"form.training.{name}" for name in ("epochs", "batch_size", "rate", "widths")]


def test_a_form_can_be_built_for_any_mapping_of_kinds() -> None:
    kinds: Mapping[str, Any] = {"training.optimizer": CATALOGUE["optimizers"]}
    for catalogue in (kinds, {"optimizer": CATALOGUE["optimizers"]}, CATALOGUE):
        form = Form("training", schema(), catalogue)
        assert form.values()["optimizer"]["kind"] == "adam"
        form.deleteLater()
