import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from workbench.gui import garbage


class Knot:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_later_collections_pass_over_what_was_there():
    garbage.set_aside()
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10


def test_what_was_set_aside_and_is_gone_is_freed_the_next_time():
    knot = Knot()
    seen = ref(knot)
    garbage.set_aside()
    del knot
    gc.collect()
    assert seen() is not None
    garbage.set_aside()
    assert seen() is None


def test_what_came_later_is_set_aside_as_well():
    garbage.set_aside()
    before, kept = gc.get_freeze_count(), [[] for _ in range(100)]
    garbage.set_more_aside()
    assert gc.get_freeze_count() >= before + len(kept)
