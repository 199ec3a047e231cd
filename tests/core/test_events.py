import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.core import events
from workbench.core.events import (
    Answered,
    CheckpointSaved,
    EpochDone,
    Failed,
    Finished,
    ModelSaved,
    Preparing,
    Started,
    Stopped,
    Warned,
    from_line,
    time_of,
    to_line,
)
from workbench.core.words import Words

START = Started(2, 10, 1, 5, 10, 50, 640, 1234, "cpu", "step-00000010-a001", {"training.epochs": 5}, "host", 7)
EVERY = [
    START,
    Preparing(Words("Reading {n} files", {"n": 3}), 1, 3),
    EpochDone(1, 10, {"validation_loss": 0.5}, 2.0),
    CheckpointSaved("step-00000010-a001", 10, 1, 0.1),
    ModelSaved("step-00000010-a001", 10, 1, True, {"validation_accuracy": 0.9}),
    Answered(3, "paused"),
    Warned(Words("The {what} is odd.", {"what": Words("loss")}), 4),
    Finished(50, 5, 9.0, {"test_accuracy": 0.8}, Words("early")),
    Stopped(20, 2, 3.0, {}),
    Failed(20, {"message": "No.", "hint": "", "values": {}, "details": "Traceback"}, 3.0),
]


@pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
def test_every_event_is_one_line_and_back(event: events.Event):
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event
    assert time_of(line) > 1.6e9


def test_every_kind_of_event_is_tried_here():
    assert {type(event) for event in EVERY} == set(events._KINDS.values())


def test_new_fields_of_a_later_version_are_left_out_and_missing_ones_take_their_default():
    plain = json.loads(to_line(Stopped(20, 2, 3.0, {})))
    assert from_line(json.dumps({**plain, "mood": "good"})) == Stopped(20, 2, 3.0, {})
    plain = json.loads(to_line(START))
    del plain["host"], plain["pid"]
    assert from_line(json.dumps(plain)) == dataclasses.replace(START, host="", pid=0)


@given(some.text())
def test_no_line_is_too_damaged_to_be_read_past(line: str):
    assert from_line(line) is None
    assert time_of(line) == 0.0


@given(some.recursive(some.none() | some.booleans() | some.floats() | some.text(), lambda inner: some.lists(inner)))
def test_any_json_is_no_event(value: object):
    assert from_line(json.dumps(value)) is None
    assert time_of(json.dumps({"time": value})) >= 0.0


@given(some.floats())
def test_every_float_comes_back(value: float):
    event = from_line(to_line(EpochDone(1, 1, {"loss": value}, 1.0)))
    assert isinstance(event, EpochDone)
    assert event.metrics["loss"] == value or (math.isnan(value) and math.isnan(event.metrics["loss"]))


@given(some.text())
def test_every_text_comes_back(text: str):
    event = Warned(Words("{text}", {"text": text}))
    assert from_line(to_line(event).encode("utf-8", "replace").decode()) == event or not text.isprintable()
