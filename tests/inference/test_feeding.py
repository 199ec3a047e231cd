from pathlib import Path

import pytest
import torch

from workbench.data import open_data
from workbench.data.preprocessing import fit
from workbench.inference import feeding
from workbench.inference.feeding import RowFeed, feed
from workbench.inference.order import batch_count, epoch_order, portions
from workbench.tasks import tasks


@pytest.mark.parametrize("channels_last", [False, True])
def test_read_ahead_gives_what_resident_gives(monkeypatch: pytest.MonkeyPatch, channels_last: bool) -> None:
    dataset = open_data({"kind": "samples", "name": "digits"})
    preprocessing = fit(dataset)
    cpu = torch.device("cpu")
    resident = feed(dataset.training, preprocessing, tasks["classification"], cpu, channels_last=channels_last)
    monkeypatch.setattr(feeding, "_SHARE", 0.0)
    ahead = feed(dataset.training, preprocessing, tasks["classification"], cpu, channels_last=channels_last)
    assert isinstance(resident, RowFeed)
    assert isinstance(ahead, RowFeed)
    assert resident.inputs is not None
    assert ahead.inputs is None
    order = epoch_order(len(resident), 0, 0)
    pairs = list(zip(resident.batches(order, 100, start=3), ahead.batches(order, 100, start=3), strict=True))
    assert len(pairs) == 12
    for (first, first_targets), (second, second_targets) in pairs:
        assert torch.equal(first, second)
        assert torch.equal(first_targets, second_targets)
        assert resident.ready(first).is_contiguous(
            memory_format=torch.channels_last if channels_last else torch.contiguous_format
        )


def test_leaving_a_read_ahead_early_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_data({"kind": "samples", "name": "digits"})
    monkeypatch.setattr(feeding, "_SHARE", 0.0)
    ahead = feed(dataset.training, fit(dataset), tasks["classification"], torch.device("cpu"), channels_last=False)
    batches = ahead.batches(epoch_order(len(ahead), 0, 0), 10)
    next(batches)
    batches.close()  # type: ignore[attr-defined]  # the leak check of every test sees the thread otherwise


def test_an_epochs_order_is_a_pure_function_of_seed_and_epoch(tmp_path: Path) -> None:
    assert torch.equal(epoch_order(50, 1, 2), epoch_order(50, 1, 2))
    orders = [tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(3) for epoch in range(3)]
    assert len(set(orders)) == 9
    assert sorted(orders[0]) == list(range(50))


@pytest.mark.parametrize(("count", "batch_size"), [(1, 1), (1, 8), (8, 8), (9, 8), (10, 8), (17, 8), (5, 1), (16, 5)])
def test_no_sample_is_lost_and_none_stands_alone(count: int, batch_size: int) -> None:
    places = portions(torch.arange(count), batch_size)
    assert torch.equal(torch.cat(places), torch.arange(count))
    assert len(places) == batch_count(count, batch_size)
    assert batch_size == 1 or count == 1 or min(map(len, places)) > 1
