"""Processes find those that were started with them, also in a store that others have used before."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from workbench.training import meeting
from workbench.training.meeting import dist


def test_who_is_started_again_meets_nobody_who_was_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = dist.HashStore()
    monkeypatch.setattr(dist, "rendezvous", lambda url: iter([(store, 0, 0)]))
    names = []
    for round in range(3):
        if round == 1:  # one that asked and died before it was told
            store.set("asks/2", "word of the dead")
        with ThreadPoolExecutor(3) as threads:
            found = list(threads.map(lambda rank: meeting.store_of_this_start(rank, 3), range(3)))
        found[0].set("address", f"of round {round}")
        assert [one.get("address").decode() for one in found] == [f"of round {round}"] * 3
        names.append(sum(key.endswith("address") for key in store.list_keys()))
    assert names == [1, 2, 3]


def test_who_does_not_come_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dist, "rendezvous", lambda url: iter([(dist.HashStore(), 0, 0)]))
    monkeypatch.setattr(meeting, "_PATIENCE", 0.0)
    with pytest.raises(dist.DistStoreError, match="not all processes came"):
        meeting.store_of_this_start(0, 2)
    with pytest.raises(dist.DistStoreError, match="not all processes came"):
        meeting.store_of_this_start(1, 2)
