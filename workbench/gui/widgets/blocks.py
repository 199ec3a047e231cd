"""The blocks in which a network is drawn: what stays of its layers, how large each is, and in which colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF

MERGED = frozenset(
    {"norm", "normalization", "batch_norm", "layer_norm", "activation", "relu", "gelu", "tanh", "sigmoid", "softmax"}
    | {"dropout", "flatten", "reshape", "identity"}
)
_COLORS = {
    "input": "muted",
    "output": "muted",
    "conv": "series1",
    "pool": "series3",
    "linear": "series4",
    "embedding": "series2",
    "attention": "series5",
}
_CAP = 10  # channels beyond which a block hardly grows


@dataclass(frozen=True)
class Block:
    """One block: width and height of its front in pixels before scaling, and how far its side goes back."""

    kind: str
    label: str
    shape: tuple[int, ...]
    width: float
    height: float
    depth: float

    @property
    def token(self) -> str:
        """The colour of the block."""
        return next((color for name, color in _COLORS.items() if name in self.kind), "muted")


def blocks_of(layers: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return the blocks of `layers` ({kind, label, shape}); norms, activations and the like are merged away."""
    kept = [layer for layer in layers if str(layer.get("kind", "")).lower() not in MERGED]
    largest = max((max(layer["shape"][1:]) for layer in kept if len(layer.get("shape", ())) >= 3), default=1)
    longest = max((layer["shape"][0] for layer in kept if len(layer.get("shape", ())) == 1), default=1)
    return [_block(layer, largest, longest) for layer in kept]


def shortened(blocks: Sequence[Block], most: int) -> tuple[list[Block], int, list[Block]]:
    """Return the blocks before the gap, how many are left out, and those after it; at most `most` are kept."""
    if len(blocks) <= most:
        return list(blocks), 0, []
    head = max(1, (most + 1) // 2)
    tail = max(1, most - head)
    return list(blocks[:head]), len(blocks) - head - tail, list(blocks[-tail:])


def draw(painter: QPainter, block: Block, front: QRectF, depth: QPointF, color: QColor) -> None:
    """Paint `block` with its front at `front`; its top and its right side go back by `depth` (right, up)."""
    right, up = depth.x(), depth.y()
    top = QPolygonF(
        [
            front.topLeft(),
            front.topLeft() + QPointF(right, -up),
            front.topRight() + QPointF(right, -up),
            front.topRight(),
        ]
    )
    side = QPolygonF(
        [
            front.topRight(),
            front.topRight() + QPointF(right, -up),
            front.bottomRight() + QPointF(right, -up),
            front.bottomRight(),
        ]
    )
    painter.setPen(color.darker(108))
    for polygon, shade in ((top, color.lighter(122)), (side, color.darker(128))):
        painter.setBrush(shade)
        painter.drawPolygon(polygon)
    painter.setBrush(color)
    painter.drawRect(front)


def _block(layer: Mapping[str, Any], largest: int, longest: int) -> Block:
    shape = tuple(int(side) for side in layer.get("shape", ()))
    kind, label = str(layer.get("kind", "")).lower(), str(layer.get("label", ""))
    if len(shape) >= 3:  # channels × height × width: the front is as high as the image
        height = 129 * (max(shape[1:]) / max(1, largest)) ** 0.65
        return Block(kind, label, shape, _width(shape[0]), max(10.0, height), 10)
    if len(shape) == 2:  # length × channels of a text: a strip as long as the text
        return Block(kind, label, shape, _width(shape[1]), max(24.0, 120 * min(1.0, shape[0] / 128) ** 0.4), 7)
    units = shape[0] if shape else 1
    height = 138 * (units / max(longest, 64)) ** 0.44
    return Block(kind, label, shape, 9.0, min(138.0, max(14.0, height)), 10)


def _width(channels: int) -> float:
    return min(76.0, max(14.0, 3.2 * max(1, channels) ** 0.665))
