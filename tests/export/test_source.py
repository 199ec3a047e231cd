"""Source that is gathered into one file: it runs, it is complete, and nothing of the program is left in it."""

import ast
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from workbench.architectures import architectures
from workbench.export.source import Gathering

ALONE = sorted(set(architectures) - {"pretrained"})  # whose networks are in transformers


def run(text: str) -> ModuleType:
    module = ModuleType("gathered")
    sys.modules["gathered"] = module  # dataclasses look there
    try:
        exec(compile(text, "gathered", "exec"), module.__dict__)
    finally:
        del sys.modules["gathered"]
    return module


def names_in(text: str) -> set[str]:
    return {node.module or "" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("kind", ALONE)
def test_every_network_has_a_source_of_its_own(kind: str):
    network: Any = architectures[kind].network
    gathering = Gathering(frozenset({"fitted"}))
    name = gathering.add(network.__module__, network.__name__)
    text = gathering.text()
    assert hasattr(run(text), name)
    assert not any(module.startswith("workbench") for module in names_in(text))
    assert "@register" not in text


def test_names_that_two_modules_use_are_told_apart():
    gathering = Gathering()
    first = gathering.add("workbench.tasks.regression", "_moved")
    second = gathering.add("workbench.tasks.forecasting", "_moved")
    assert first != second
    module = run(gathering.text())
    assert callable(getattr(module, first))
    assert getattr(module, first) is not getattr(module, second)


def test_an_argument_that_is_called_as_the_function_stays_an_argument():
    gathering = Gathering(taken=frozenset({"step"}))
    name = gathering.add("workbench.schedules.step", "step")
    assert name != "step"
    shape = getattr(run(gathering.text()), name)
    assert shape(SimpleNamespace(drops=(0.5,), remaining=0.1), 6, 10) == 0.1


def test_of_a_class_only_what_is_wanted_and_what_that_uses():
    gathering = Gathering()
    gathering.add("workbench.tasks.forecasting", "Forecasting", ("loss", "bound"))
    text = gathering.text()
    assert "def _steps" in text
    assert "class Task(ABC)" in text
    assert not any(f"def {name}" in text for name in ("details", "predictions", "told"))
    assert "headline" not in text.partition("class Forecasting")[2]


def test_methods_that_are_left_out_take_what_only_they_need_along():
    whole, part = Gathering(), Gathering(frozenset({"fitted"}))
    for gathering in (whole, part):
        gathering.add("workbench.data.table_preprocessing", "TablePreprocessing")
    assert "fitted_columns" in whole.text()
    assert "fitted_columns" not in part.text()
    assert "def tensor" in part.text()


def test_only_methods_are_left_out_and_never_a_function_of_that_name():
    gathering = Gathering(frozenset({"read"}))
    gathering.add("workbench.core.images", "decoded")
    assert callable(run(gathering.text()).read)


def test_what_has_no_definition_is_refused():
    with pytest.raises(LookupError):
        Gathering().add("workbench.tasks.regression", "nowhere")
    with pytest.raises(LookupError, match="whole module"):
        Gathering().add("workbench.architectures.pretrained", "Pretrained")
