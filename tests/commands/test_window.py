import json
from pathlib import Path

import pytest

from workbench.commands.window import trains_in_the_window


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        ({"training": {"runs_in": "worker thread"}}, True),
        ({"training": {"runs_in": "own process"}}, False),
        ({"training": []}, False),
        ({}, False),
        ([], False),
    ],
)
def test_what_the_train_page_was_left_with_is_known_before_qt(
    own_folders: Path, remembered: object, expected: bool
) -> None:
    (own_folders / "state").mkdir(exist_ok=True)
    (own_folders / "state" / "window.json").write_text(json.dumps(remembered))
    assert trains_in_the_window() is expected


def test_a_window_that_was_never_open_remembers_nothing() -> None:
    assert not trains_in_the_window()
