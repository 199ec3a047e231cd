"""Augmentation: nothing when off, exact where it can be, right on average, the same for the same generator."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Generator, Tensor

from workbench.data.augmentation import Augmentation, augment
from workbench.data.augmentation.mixing import _beta
from workbench.data.augmentation.trivial import CHANGES, changed

EVERYTHING = {
    "crop": 2,
    "horizontal_flip": True,
    "vertical_flip": True,
    "rotation": 20.0,
    "brightness": 0.3,
    "contrast": 0.3,
    "saturation": 0.3,
    "trivial_augment": True,
    "erasing": 0.5,
    "mixup": 0.4,
    "cutmix": 1.0,
}


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def noise(count: int = 64, channels: int = 3, side: int = 12) -> Tensor:
    return torch.randint(1, 256, (count, channels, side, side), dtype=torch.uint8, generator=seeded(9))


def test_nothing_happens_when_all_is_off() -> None:
    batch, targets = noise(), torch.eye(64)
    result, same = augment(batch, targets, Augmentation(), seeded())
    assert result is batch
    assert same is targets


@pytest.mark.parametrize("name", list(EVERYTHING))
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_each_change_keeps_form_and_range_and_can_be_repeated(name: str, channels: int, kind: torch.dtype) -> None:
    batch = noise(channels=channels) if kind == torch.uint8 else noise(channels=channels).float() / 255
    before = batch.clone()
    settings = Augmentation.model_validate({name: EVERYTHING[name]})
    first, _ = augment(batch, torch.eye(64), settings, seeded(1))
    second, _ = augment(batch, torch.eye(64), settings, seeded(1))
    third, _ = augment(batch, torch.eye(64), settings, seeded(2))
    assert torch.equal(batch, before)
    assert first.shape == batch.shape
    assert first.dtype == kind
    assert first.isfinite().all()
    assert first.min() >= 0
    assert first.max() <= (255 if kind == torch.uint8 else 1)
    assert torch.equal(first, second)
    if name != "saturation" or channels == 3:
        assert not torch.equal(first, batch)
        assert not torch.equal(first, third)


def test_everything_at_once_works_on_images_of_any_shape() -> None:
    settings = Augmentation.model_validate(EVERYTHING)
    for shape in ((1, 1, 8, 8), (5, 3, 7, 13), (2, 1, 1, 1), (3, 3, 2, 40)):
        batch = torch.randint(0, 256, shape, dtype=torch.uint8, generator=seeded())
        result, targets = augment(batch, torch.eye(shape[0]), settings, seeded())
        assert result.shape == shape
        assert targets.sum(dim=1).tolist() == pytest.approx([1.0] * shape[0])


@pytest.mark.parametrize(("name", "dimension"), [("horizontal_flip", 3), ("vertical_flip", 2)])
def test_flips_are_exact_and_concern_half(name: str, dimension: int) -> None:
    batch = noise(1000, side=4)
    result, _ = augment(batch, None, Augmentation.model_validate({name: True}), seeded())
    same = (result == batch).flatten(1).all(dim=1)
    turned = (result == batch.flip(dimension)).flatten(1).all(dim=1)
    assert (same ^ turned).all()
    assert 420 < turned.sum() < 580


def test_crops_move_whole_pixels_by_all_distances() -> None:
    batch = torch.zeros((800, 1, 9, 9), dtype=torch.uint8)
    batch[:, :, 4, 4] = 200
    result, _ = augment(batch, None, Augmentation(crop=2), seeded())
    places = result.flatten(1).argmax(dim=1)
    assert (result.flatten(1).sum(dim=1) == 200).all()
    assert sorted(set(places.tolist())) == sorted(y * 9 + x for y in range(2, 7) for x in range(2, 7))


def test_rotation_keeps_the_middle_and_stays_within_its_angle() -> None:
    batch = torch.zeros((300, 1, 21, 21))
    batch[:, :, 0:3, 10] = 1  # a mark at the top
    batch[:, :, 10, 10] = 1
    result, _ = augment(batch, None, Augmentation(rotation=30), seeded())
    assert (result[:, 0, 10, 10] > 0.95).all()
    rows, columns = torch.meshgrid(torch.arange(21.0), torch.arange(21.0), indexing="ij")
    mark = result[:, 0] * (((rows - 10) ** 2 + (columns - 10) ** 2) > 16)
    angles = torch.atan2((mark * (columns - 10)).sum((1, 2)), -(mark * (rows - 10)).sum((1, 2))).rad2deg()
    assert angles.abs().max() < 31
    assert angles.min() < -25
    assert angles.max() > 25


def test_brightness_stays_within_its_share_and_is_even_on_average() -> None:
    batch = torch.full((2000, 1, 2, 2), 0.5)
    means = augment(batch, None, Augmentation(brightness=0.4), seeded())[0].mean(dim=(1, 2, 3))
    assert means.min() >= 0.3 - 1e-6
    assert means.max() <= 0.7 + 1e-6
    assert means.mean().item() == pytest.approx(0.5, abs=0.01)


def test_erasing_covers_the_wanted_share_of_images() -> None:
    batch = torch.zeros((2000, 1, 16, 16))
    covered = (augment(batch, None, Augmentation(erasing=0.3), seeded())[0] > 0).float().mean(dim=(1, 2, 3))
    assert (covered > 0).float().mean().item() == pytest.approx(0.3, abs=0.04)
    assert covered.max() < 0.45


def test_mixup_blends_images_and_labels_alike() -> None:
    batch = torch.arange(64.0).view(64, 1, 1, 1).expand(64, 1, 3, 3) / 64
    mixed, targets = augment(batch, torch.eye(64), Augmentation(mixup=1.0), seeded())
    assert torch.allclose(mixed[:, 0, 0, 0], targets @ (torch.arange(64.0) / 64), atol=1e-5)
    assert ((targets > 0).sum(dim=1) <= 2).all()
    assert (targets.max(dim=1).values < 0.999).sum() > 40


def test_cutmix_shares_are_those_of_the_pixels() -> None:
    batch = torch.arange(64.0).view(64, 1, 1, 1).expand(64, 1, 10, 10) / 64
    mixed, targets = augment(batch, torch.eye(64), Augmentation(cutmix=1.0), seeded())
    own = (mixed == batch).float().mean(dim=(1, 2, 3))
    partner_is_itself = targets.diagonal() > 0.999
    assert torch.allclose(targets.diagonal()[~partner_is_itself], own[~partner_is_itself], atol=1e-5)
    assert targets.sum(dim=1).tolist() == pytest.approx([1.0] * 64)


@pytest.mark.parametrize("parameter", [0.2, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(parameter: float) -> None:
    shares = _beta(parameter, 20_000, torch.zeros(1), seeded())
    assert shares.mean().item() == pytest.approx(0.5, abs=0.01)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * parameter + 1)), rel=0.05)


PILLOW = {
    "identity": lambda image: image,
    "autocontrast": ImageOps.autocontrast,
    "equalize": ImageOps.equalize,
    "posterize": lambda image: ImageOps.posterize(image, 5),
    "solarize": lambda image: ImageOps.solarize(image, 128),
    "brightness": lambda image: ImageEnhance.Brightness(image).enhance(1.495),
    "colour": lambda image: ImageEnhance.Color(image).enhance(1.495),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.495),
    "sharpness": lambda image: ImageEnhance.Sharpness(image).enhance(1.495),
    "rotate": lambda image: image.rotate(-67.5),
    "translate_x": lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0, 10, 0, 1, 0)),
    "translate_y": lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0, 0, 0, 1, 12)),
    "shear_x": lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0.495, -0.495 * 12, 0, 1, 0)),
    "shear_y": lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0, 0, 0.495, 1, -0.495 * 10)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_trivial_augment_changes_what_pillow_changes(name: str) -> None:
    image = (torch.rand(1, 3, 24, 20, generator=seeded()) ** 2 * 255).round() / 255
    reference = PILLOW[name](Image.fromarray((image[0].permute(1, 2, 0) * 255).byte().numpy()))
    half = torch.tensor([0.498 if name == "solarize" else 0.5])
    result = changed(image, torch.tensor([CHANGES.index(name)]), half, torch.ones(1))
    ours = (result[0].permute(1, 2, 0) * 255).round().byte().numpy().astype(int)
    assert np.abs(ours - np.asarray(reference).astype(int)).max() <= 1


def test_trivial_augment_draws_every_change() -> None:
    batch = torch.rand((1400, 1, 6, 6), generator=seeded())
    result, _ = augment(batch, None, Augmentation(trivial_augment=True), seeded())
    same = (result - batch).abs().flatten(1).amax(dim=1) < 1e-6
    assert 0.05 < same.float().mean() < 0.35  # identity, colour of grey images, and strengths of nothing


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_works_on_a_gpu() -> None:
    generator = Generator("cuda").manual_seed(0)
    batch, targets = noise().cuda(), torch.eye(64, device="cuda")
    result, mixed = augment(batch, targets, Augmentation.model_validate(EVERYTHING), generator)
    assert result.is_cuda
    assert mixed.is_cuda
