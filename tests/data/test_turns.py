"""Mirroring in turns: a random half, then the other one; the same for the same seed and epoch."""

from pathlib import Path

import torch

from tests.training.runs import FEW_DIGITS, trained
from workbench.core.events import Finished
from workbench.data.augmentation import Augmentation, augment
from workbench.data.augmentation.turns import in_turns, mirrored_rows


def test_each_epoch_mirrors_what_the_one_before_did_not() -> None:
    first, second, third = (mirrored_rows(1000, 5, epoch) for epoch in range(3))
    assert torch.equal(first, ~second)
    assert torch.equal(first, third)
    assert 420 < first.sum() < 580
    assert not torch.equal(first, mirrored_rows(1000, 6, 0))


def test_batches_are_mirrored_by_the_rows_in_them() -> None:
    images = torch.arange(6 * 4).view(6, 1, 1, 4)
    mirrored = torch.tensor([True, False, True, False, False, True])
    order = torch.tensor([5, 0, 3, 1, 2, 4])
    places = list(order.split(4))
    batches = [(images[rows], rows) for rows in places]
    found = torch.cat([given for given, _ in in_turns(batches, places, mirrored)])
    for row, image in zip(order.tolist(), found, strict=True):
        assert torch.equal(image, images[row].flip(2) if mirrored[row] else images[row])


def test_what_was_mirrored_in_turns_is_not_mirrored_again() -> None:
    settings = Augmentation(alternating_flip=True, horizontal_flip=True)
    images = torch.rand(50, 1, 4, 4)
    generator = torch.Generator().manual_seed(0)
    assert augment(images, None, settings.without_turns(), generator)[0] is images
    assert not torch.equal(augment(images, None, settings, generator)[0], images)
    assert Augmentation(horizontal_flip=True).without_turns().horizontal_flip


def test_a_training_does_it_and_can_be_repeated(own_folders: Path) -> None:
    data = {**FEW_DIGITS, "augmentation": {"alternating_flip": True}}
    ends = [
        trained(own_folders, *more, data=data)[1] for more in ((), (), ("data.augmentation.alternating_flip=false",))
    ]
    assert all(isinstance(end, Finished) for end in ends)
    first, second, without = (end.metrics["training_loss"] for end in ends if isinstance(end, Finished))
    assert first == second
    assert first != without
