"""Networks of transformers: built from a checked configuration, filled with checked weights, with LoRA put in.

Nothing here reads a folder by transformers' own means: the configuration is plain values, the weights are tensors.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.words import mark

_MAPPINGS = {
    ("text", "classification"): "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    ("text", "multi_label"): "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    ("image", "classification"): "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    ("image", "multi_label"): "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    ("text", "masked_token"): "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    ("text", "next_token"): "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
}
_TWO_SIDED = ("encoder_decoder", "is_encoder_decoder")
_ATTENTION = ("query", "value", "q_proj", "v_proj", "q_lin", "v_lin", "c_attn", "query_key_value", "qkv", "q", "v")
_MOST_EXTRA = 50_000_000  # numbers that a network may have beyond those in the file: a new head


def fitting(model_type: str) -> list[tuple[str, str]]:
    """Return the (kind of inputs, task) pairs for which transformers has a network of this type.

    Raises UserError for a type that transformers does not know.
    """
    from transformers.models.auto import configuration_auto, modeling_auto

    known: Any = configuration_auto
    if model_type not in known.CONFIG_MAPPING_NAMES or model_type in ("timm_wrapper", "encoder-decoder", "rag"):
        raise UserError(
            "This kind of model is not known: {kind}.",
            hint="Only models whose code is part of transformers can be used.",
            kind=model_type[:80],
        )
    return [pair for pair, mapping in _MAPPINGS.items() if model_type in getattr(modeling_auto, mapping)]


def configuration(plain: Mapping[str, Any], **changes: Any) -> Any:
    """Return transformers' configuration for plain values; raises UserError when it does not take them."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    values = {**plain, **changes}
    kind = values.pop("model_type")
    fitting(kind)
    try:
        config = CONFIG_MAPPING[kind].from_dict(values)
    except Exception as error:  # each configuration has checks of its own, and raises what it likes
        raise _not_taken(error) from error
    if any(getattr(config, name, False) is True for name in _TWO_SIDED):
        raise UserError(
            "Models that read one text and write another are not supported.", hint="Choose an encoder or a decoder."
        )
    config._attn_implementation = "sdpa"
    return config


def class_for(model_type: str, inputs_kind: str, task: str) -> Any:
    """Return transformers' class of network; raises UserError when there is none for this task."""
    if (inputs_kind, task) not in fitting(model_type):
        raise UserError(
            "A model of the kind {kind} cannot be used for this task: {task}.",
            hint="Choose other data, or another pretrained model.",
            kind=model_type,
            task=_titles().get((inputs_kind, task), task),
        )
    import transformers
    from transformers.models.auto import modeling_auto

    name = getattr(modeling_auto, _MAPPINGS[inputs_kind, task])[model_type]
    return getattr(transformers, name if isinstance(name, str) else name[0])


def built(plain: Mapping[str, Any], inputs_kind: str, task: str, outputs: int, **changes: Any) -> nn.Module:
    """Return the network that a plain configuration describes, with fresh weights in float32.

    changes: values of the configuration that replace those given. Raises UserError.
    """
    if task in ("classification", "multi_label"):
        changes["num_labels"] = outputs
    config = configuration(plain, **changes)
    kind = class_for(config.model_type, inputs_kind, task)
    try:
        return kind._from_config(config, attn_implementation="sdpa", dtype=torch.float32)
    except Exception as error:  # each network checks its configuration in its own way, or stumbles over it
        if not (isinstance(error, ValueError) and "attention" in str(error).lower()):
            raise _not_taken(error) from error
    try:
        return kind._from_config(config, attn_implementation="eager", dtype=torch.float32)
    except Exception as error:  # the same, for those that know no other attention
        raise _not_taken(error) from error


def _not_taken(error: Exception) -> UserError:
    return UserError(
        "config.json has a value that transformers does not take.", details=f"{type(error).__name__}: {error}"
    )


def fill(network: Any, tensors: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """Put weights of a folder into `network`, and return the names that were missing and those left over.

    Names are brought to those of today as transformers does it. Weights of the head whose shape differs stay fresh, and
    so do the matrices of LoRA. Raises UserError when what lies below the head does not fit.
    """
    with silence():
        loaded, found = type(network).from_pretrained(
            None,
            config=network.config,
            state_dict=dict(tensors),
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            dtype=torch.float32,
        )
    head, state = set(head_names(loaded)), loaded.state_dict()
    wrong = sorted(str(entry[0]) for entry in found["mismatched_keys"] if str(entry[0]) not in head)
    missing = sorted(name for name in found["missing_keys"] if name in state)
    absent = [name for name in missing if name not in head]
    inside = sum(tensor.numel() for name, tensor in state.items() if name not in head)
    if wrong or 2 * sum(state[name].numel() for name in absent) > inside:
        raise UserError(
            "config.json and the weights do not belong together: {name} does not fit.",
            hint="Get the folder again.",
            name=(wrong or absent)[0],
        )
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if "lora_" not in name:
                tensor.copy_(state[name.replace(".base_layer.", ".")])
    return missing, sorted(map(str, found["unexpected_keys"]))


@contextmanager
def silence() -> Iterator[None]:
    """Keep transformers' reports and progress bars out of the log: what differs is returned instead."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def require_size(network: nn.Module, elements: int) -> None:
    """Raise UserError when a network, built of shapes alone, is much larger than the weights of its folder."""
    needed = sum(parameter.numel() for parameter in network.parameters())
    if needed > 2 * elements + _MOST_EXTRA:
        raise UserError(
            "config.json and the weights do not belong together: {needed} numbers are needed, and {found} are there.",
            hint="Get the folder again.",
            needed=f"{needed:,}",
            found=f"{elements:,}",
        )


def head_names(network: Any) -> list[str]:
    """Return the names of the parameters that stand above the part that all tasks share."""
    shared = f"{network.base_model_prefix}."
    return [name for name, _ in network.named_parameters() if not name.startswith(shared)]


def add_lora(network: Any, *, rank: int, alpha: float, dropout: float, targets: Iterable[str]) -> None:
    """Put low-rank matrices beside linear layers (Hu et al. 2021), and freeze all but them and the head.

    targets: endings of the names of the layers; none takes the queries and values of attention, or where a network has
    none of those, all linear layers below the head. A product of two matrices of `rank`, scaled by alpha / rank, is
    added to what a layer gives; it starts at 0. Raises UserError when no layer has such a name.
    """
    from peft import LoraConfig, inject_adapter_in_model

    head = head_names(network)
    names = [name for name, layer in network.named_modules() if _takes_lora(layer)]
    below = [name for name in names if not any(owned.startswith(f"{name}.") for owned in head)]
    wanted = tuple(targets)
    chosen = [name for name in below if name.rpartition(".")[2] in (wanted or _ATTENTION)]
    chosen = chosen or ([] if wanted else below)
    if not chosen:
        raise UserError(
            "No linear layer of this network is called {targets}.",
            hint="Its layers are called: {names}.",
            targets=", ".join(wanted),
            names=", ".join(sorted({name.rpartition(".")[2] for name in below})),
        )
    convolved = any(type(network.get_submodule(name)).__name__ == "Conv1D" for name in chosen)
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,  # pyright: ignore[reportArgumentType]
        lora_dropout=dropout,
        target_modules=chosen,
        fan_in_fan_out=convolved,  # type: ignore[arg-type]
    )
    inject_adapter_in_model(config, network)
    owned = set(head)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("lora_" in name or name in owned)


def train_head(network: Any) -> None:
    """Freeze all but the head; raises UserError when there is no head of its own."""
    owned = set(head_names(network))
    if not owned:
        raise UserError("This network has no head of its own to train.", hint="Train all of it, or use LoRA.")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in owned)


def _takes_lora(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) or type(layer).__name__ == "Conv1D"


def _titles() -> dict[tuple[str, str], str]:
    return {
        ("text", "classification"): mark("classification of texts"),
        ("image", "classification"): mark("classification of images"),
        ("text", "multi_label"): mark("several labels for a text"),
        ("image", "multi_label"): mark("several labels for an image"),
        ("text", "masked_token"): mark("masked tokens"),
        ("text", "next_token"): mark("next tokens"),
    }
