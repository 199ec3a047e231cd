"""Every task says what it is and has metrics that exist."""

import pytest

from workbench.metrics import metrics, metrics_for
from workbench.tasks import tasks


@pytest.mark.parametrize("name", tasks)
def test_it_says_what_it_is(name: str) -> None:
    task = tasks[name]
    assert task.name == name
    assert task.title
    assert task.headline in task.metrics
    assert set(task.metrics) <= set(metrics)


@pytest.mark.parametrize("name", tasks)
def test_the_headline_always_says_something(name: str) -> None:
    assert tasks[name].headline in metrics_for(tasks[name], 2)


def test_metrics_that_say_nothing_are_left_out() -> None:
    assert metrics_for(tasks["classification"], 5) == ("accuracy", "macro_f1")
    assert metrics_for(tasks["classification"], 6) == ("accuracy", "top_5_accuracy", "macro_f1")
