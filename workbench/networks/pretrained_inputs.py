"""What a pretrained model takes: how long its texts are and how many tokens it knows, how large its pictures are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.networks.pretrained_folder import read_json

_LARGEST_SIDE = 4096
_AUTOMATIC_LENGTH = 128  # tokens, until the texts have said how long they are


@dataclass(frozen=True)
class Pictures:
    """How pictures are brought to what the model saw in its training: values in 0…1 minus mean, divided by std."""

    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def pictures(folder: Path, config: Mapping[str, Any]) -> Pictures:
    """Return what preprocessor_config.json says of pictures, or where it says nothing, what config.json does.

    Raises UserError for sizes that cannot be.
    """
    plain = read_json(folder / "preprocessor_config.json")
    cropped = plain.get("do_center_crop", "crop_size" in plain) and "crop_size" in plain
    sides = _sides(plain.get("crop_size" if cropped else "size")) or _sides(config.get("image_size"))
    channels = config.get("num_channels", 3)
    if sides is None or not all(type(side) is int and 1 <= side <= _LARGEST_SIDE for side in sides):
        sides = (224, 224) if sides is None else _refuse("size")
    if channels not in (1, 3):
        _refuse("num_channels")
    full = 255.0 * float(plain.get("rescale_factor", 1 / 255)) if plain.get("do_rescale", True) else 255.0
    normalised = plain.get("do_normalize", "image_mean" in plain)
    mean = _numbers(plain.get("image_mean", 0.5) if normalised else 0.0, channels)
    std = _numbers(plain.get("image_std", 0.5) if normalised else 1.0, channels)
    # The program's own values lie in 0…1; what the model saw were those times `full`.
    height, width = sides
    return Pictures(
        channels, height, width, tuple(value / full for value in mean), tuple(value / full for value in std)
    )


def longest_text(config: Mapping[str, Any], folder: Path | None = None) -> int:
    """Return how many tokens the model can read at most, or 0 where nothing says so."""
    positions = next(
        (config[name] for name in ("max_position_embeddings", "n_positions", "n_ctx") if name in config), 0
    )
    positions = positions if type(positions) is int and positions > 0 else 0
    if positions and config["model_type"] in ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer"):
        positions -= int(config.get("pad_token_id") or 1) + 1  # they count positions from behind the padding's id
    said = read_json(folder / "tokenizer_config.json").get("model_max_length") if folder else None
    if type(said) is int and 0 < said < 10**6:
        return min(said, positions) if positions else said
    return positions


def text_length(wanted: int | str, longest: int) -> int:
    """Return how many tokens are read where no texts have been seen; raises UserError when there are too many."""
    if not isinstance(wanted, int):
        return min(_AUTOMATIC_LENGTH, longest or _AUTOMATIC_LENGTH)
    if longest and wanted > longest:
        raise UserError(
            "The pretrained model reads at most {longest} tokens of a text, and {wanted} are asked for.",
            hint="Choose a shorter length.",
            longest=longest,
            wanted=wanted,
        )
    return wanted


def vocabulary(config: Mapping[str, Any]) -> int:
    """Return how many tokens the model knows; raises UserError when config.json does not say."""
    size = config.get("vocab_size")
    return size if type(size) is int and 0 < size <= 2_000_000 else _refuse("vocab_size")


def _sides(size: Any) -> tuple[int, int] | None:
    if isinstance(size, Mapping):
        if "height" in size and "width" in size:
            return size["height"], size["width"]
        size = size.get("shortest_edge")
    if isinstance(size, list) and len(size) == 2:
        return size[0], size[1]
    return (size, size) if isinstance(size, int) else None


def _numbers(values: Any, channels: int) -> tuple[float, ...]:
    values = values if isinstance(values, list) else [values] * channels
    if len(values) != channels or not all(isinstance(value, int | float) and abs(value) < 1e4 for value in values):
        _refuse("image_mean")
    return tuple(map(float, values))


def _refuse(field: str) -> Any:
    raise UserError("The files of the pretrained model say nothing sensible about {field}.", field=field)
