"""A vision transformer of ours as transformers' ViTForImageClassification: its settings, and its weights renamed."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from workbench.core.words import Words
from workbench.export.subject import Subject

ARCHITECTURE = "ViTForImageClassification"
_ACTIVATIONS = {  # what transformers calls them
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "gelu": "gelu",
    "silu": "silu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "squared_relu": "relu2",
}
_LAYER = {  # parts of a layer by the names that published weights have, and by ours
    "attention.output.dense": "self_attention.out_proj",
    "intermediate.dense": "mlp.0",
    "output.dense": "mlp.3",
    "layernorm_before": "ln_1",
    "layernorm_after": "ln_2",
}


def why_not(subject: Subject) -> Words | None:
    """Return why there is no such network in transformers, or None."""
    settings: Any = subject.settings
    network: Any = subject.model.network
    if settings.activation not in _ACTIVATIONS:
        return Words("transformers' vision transformer has no activation like {name}.", {"name": settings.activation})
    if any(network.margin):
        return Words("In transformers, patches must fill a picture: choose a patch that divides its height and width.")
    return None


def config_of(subject: Subject) -> Any:
    """Return the settings as transformers has them."""
    from transformers import ViTConfig  # takes seconds, and most exports do without

    settings: Any = subject.settings
    network: Any = subject.model.network
    channels, height, width = subject.inputs.shape
    return ViTConfig(
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=settings.expansion * settings.width,
        hidden_act=_ACTIVATIONS[settings.activation],
        hidden_dropout_prob=settings.dropout,
        attention_probs_dropout_prob=settings.dropout,
        layer_norm_eps=network.encoder.ln.eps,
        image_size=height if height == width else [height, width],
        patch_size=network.conv_proj.kernel_size[0],
        num_channels=channels,
    )


def weights_of(subject: Subject) -> dict[str, Tensor]:
    """Return the weights by the names that published models have, which every version of transformers reads."""
    return dict(_renamed(subject.model.network))


def _renamed(network: Any) -> Iterator[tuple[str, Tensor]]:
    state = network.state_dict()
    yield "vit.embeddings.cls_token", state["class_token"]
    yield "vit.embeddings.position_embeddings", state["encoder.pos_embedding"]
    for part in ("weight", "bias"):
        yield f"vit.embeddings.patch_embeddings.projection.{part}", state[f"conv_proj.{part}"]
        yield f"vit.layernorm.{part}", state[f"encoder.ln.{part}"]
        yield f"classifier.{part}", state[f"heads.head.{part}"]
        for number in range(len(network.encoder.layers)):
            theirs, ours = f"vit.encoder.layer.{number}", f"encoder.layers.encoder_layer_{number}"
            packed = state[f"{ours}.self_attention.in_proj_{part}"]
            for name, tensor in zip(("query", "key", "value"), packed.chunk(3), strict=True):
                yield f"{theirs}.attention.attention.{name}.{part}", tensor
            for name, own in _LAYER.items():
                yield f"{theirs}.{name}.{part}", state[f"{ours}.{own}.{part}"]
