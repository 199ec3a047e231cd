import numpy as np
import pytest

from workbench.data.preprocessing import ImagePreprocessing
from workbench.inference.inversion import looks_inverted

PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
DARK, LIGHT = np.zeros((8, 8, 1), np.uint8), np.full((8, 8, 1), 255, np.uint8)


def trained_on(border: float, mean: float = 0.5) -> ImagePreprocessing:
    return ImagePreprocessing(1, 8, 8, (mean,), (0.3,), border)


@pytest.mark.parametrize(
    ("border", "image", "inverted"),
    [
        (0.05, LIGHT, True),
        (0.05, DARK, False),
        (0.95, DARK, True),
        (0.95, LIGHT, False),
        (0.5, LIGHT, False),
        (0.5, DARK, False),
        (0.05, PHOTOGRAPH, False),
    ],
)
def test_only_a_clear_reversal_of_the_background_is_noted(border: float, image: np.ndarray, inverted: bool) -> None:
    assert (looks_inverted(image, trained_on(border)) is not None) == inverted


def test_a_mark_in_the_middle_does_not_make_a_background() -> None:
    digit = LIGHT.copy()
    digit[1:7, 1:7] = 0
    assert looks_inverted(digit, trained_on(0.02)) is not None


def test_without_a_border_on_record_the_mean_stands_for_it() -> None:
    assert looks_inverted(LIGHT, trained_on(-1.0, mean=0.2)) is not None
    assert looks_inverted(DARK, trained_on(-1.0, mean=0.2)) is None
