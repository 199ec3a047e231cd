"""Every goal, tried a few times in each run of the tests; `make torture` tries as often as a release asks."""

from pathlib import Path

import pytest

from tests.robustness.goal import Goal, all_goals

QUICK = [pytest.param(goal, id=name) for name, goal in all_goals() if goal.quick]


@pytest.mark.parametrize("goal", QUICK)
def test_a_goal_is_met(goal: Goal, tmp_path: Path):
    found = goal.try_it(goal.quick, 0, tmp_path)
    assert not found.failures, "\n".join(found.failures[:5])
    assert found.tried >= goal.quick
