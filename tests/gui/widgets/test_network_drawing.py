from collections.abc import Callable
from typing import Any

import pytest

from workbench.gui.widgets.blocks import blocks_of, shortened
from workbench.gui.widgets.network_drawing import NetworkDrawing

CONVNET = [
    {"kind": "input", "label": "image", "shape": [1, 28, 28]},
    {"kind": "conv", "label": "conv 3×3", "shape": [32, 28, 28]},
    {"kind": "activation", "label": "ReLU", "shape": [32, 28, 28]},
    {"kind": "pool", "label": "max pool", "shape": [32, 14, 14]},
    {"kind": "flatten", "label": "flatten", "shape": [6272]},
    {"kind": "linear", "label": "linear", "shape": [128]},
    {"kind": "linear", "label": "linear", "shape": [10]},
]


def test_norms_and_activations_are_merged_away() -> None:
    assert [block.kind for block in blocks_of(CONVNET)] == ["input", "conv", "pool", "linear", "linear"]


def test_colours_tell_kinds_apart() -> None:
    tokens = [block.token for block in blocks_of(CONVNET)]
    assert tokens == ["muted", "series1", "series3", "series4", "series4"]


def test_larger_images_are_higher_and_more_channels_wider() -> None:
    image, conv, pool, hidden, output = blocks_of(CONVNET)
    assert image.height == conv.height > pool.height
    assert conv.width > image.width
    assert hidden.height > output.height


def test_the_middle_of_a_long_network_is_left_out() -> None:
    blocks = blocks_of(CONVNET[1:2] * 40)
    head, left_out, tail = shortened(blocks, 9)
    assert (len(head), left_out, len(tail)) == (5, 31, 4)
    assert shortened(blocks, 40) == (blocks, 0, [])


@pytest.mark.parametrize("width", [320, 480, 1200])
@pytest.mark.parametrize("copies", [0, 1, 20])
def test_any_network_is_drawn_within_its_width(show: Callable[..., Any], width: int, copies: int) -> None:
    drawing = show(NetworkDrawing(), width, 240)
    drawing.set_blocks(CONVNET * copies)
    drawing.grab()
    for place, words in drawing._places:
        assert -20 <= place.left() < place.right() <= width + 20, words
    assert len(drawing._places) <= len(drawing.blocks())
    assert ("conv 3×3 32×28×28" in drawing.accessibleName()) == bool(copies)


def test_texts_and_odd_shapes_are_drawn(show: Callable[..., Any]) -> None:
    drawing = show(NetworkDrawing(), 600, 240)
    drawing.set_blocks(
        [
            {"kind": "input", "label": "tokens", "shape": [256]},
            {"kind": "embedding", "label": "embedding", "shape": [256, 64]},
            {"kind": "mystery", "label": "", "shape": []},
            {"kind": "linear", "label": "linear", "shape": [2]},
        ]
    )
    assert not drawing.grab().isNull()
    assert len(drawing._places) == 4
