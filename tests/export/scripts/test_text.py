"""Lines of a script stand where their conditions hold."""

import pytest

from workbench.export.scripts import text

TEXT = """
def made():
    one = $one
    two = 2  #? doubled
    two = 1  #? !doubled
    three = 3  #? doubled !halved
"""


def test_lines_stand_where_their_conditions_hold():
    both = text.filled(TEXT, {"doubled": True, "halved": True}, {"one": "1"})
    assert both.splitlines() == ["def made():", "    one = 1", "    two = 2"]
    neither = text.filled(TEXT, {"doubled": False, "halved": False}, {"one": "1"})
    assert neither.splitlines() == ["def made():", "    one = 1", "    two = 1"]
    assert "three = 3" in text.filled(TEXT, {"doubled": True, "halved": False}, {"one": "1"})


def test_a_condition_or_a_value_that_nobody_knows_is_a_mistake():
    with pytest.raises(KeyError):
        text.filled(TEXT, {"doubled": True}, {"one": "1"})
    with pytest.raises(KeyError):
        text.filled(TEXT, {"doubled": True, "halved": True}, {})


def test_what_the_texts_define_is_known_so_that_nothing_else_is_called_so():
    assert {"train", "learn", "batches", "order_of", "step", "order", "Model"} <= set(text.names())
