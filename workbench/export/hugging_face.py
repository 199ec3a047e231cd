"""A folder of transformers: `from_pretrained` opens it, and so does everything that is built on transformers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.words import Words, mark
from workbench.export import picture_folder, register
from workbench.export.companions import preparing
from workbench.export.subject import Subject
from workbench.networks.causal import to_gpt2
from workbench.networks.pretrained_models import silence

_TOLD = """import json
import logging
from pathlib import Path

for name in ("torchao", "torch.utils._pytree"):  # parts of transformers, which talk about themselves
    logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.ERROR)

import torch
import transformers

transformers.logging.disable_progress_bar()

PLACE = Path(__file__).parent
described = json.loads((PLACE / "model.json").read_text("utf-8"))
config = json.loads((PLACE / "config.json").read_text("utf-8"))
model = getattr(transformers, config["architectures"][0]).from_pretrained(PLACE).eval()
padding = config.get("pad_token_id") or 0


def swapped(ids):
    return torch.where(ids == 0, padding, torch.where(ids == padding, 0, ids)) if padding else ids


def logits_of(encoded):
    if described["inputs"]["kind"] == "image":
        from preparing import pixel_values

        return model(pixel_values=pixel_values(encoded)).logits
    causal = described["task"] == "next_token"
    found = model(input_ids=swapped(encoded.long()), attention_mask=None if causal else (encoded != 0).long())
    logits = found["prediction_logits"] if "prediction_logits" in found else found["logits"]
    if described["tells"] == "logits" and padding:
        logits = logits[..., swapped(torch.arange(logits.shape[-1]))]
    if "seq_relationship_logits" in found:
        follows = found["seq_relationship_logits"]
        wide = torch.nn.functional.pad(follows, (0, logits.shape[-1] - follows.shape[-1]))
        logits = torch.cat([logits, wide[:, None]], dim=1)
    return logits


def told(encoded):
    with torch.inference_mode():
        logits = logits_of(torch.from_numpy(encoded)).float()
    if described["task"] == "classification":
        logits = torch.softmax(logits, 1)
    elif described["task"] == "multi_label":
        logits = torch.sigmoid(logits)
    return logits.numpy()
"""
_PIXELS = '''

def pixel_values(images: Any) -> Any:
    """Return prepared images, a tensor (batch, height, width, channels) uint8, as transformers' model takes them."""
    import torch

    plain = DESCRIBED["preprocessing"]
    values = images.permute(0, 3, 1, 2).float() / 255
    channels, *size = plain.get("shape", values.shape[1:])
    if values.shape[1] != channels:
        values = values.mean(1, keepdim=True).expand(-1, channels, -1, -1)
    if list(values.shape[2:]) != list(size):
        values = torch.nn.functional.interpolate(
            values, size=tuple(size), mode="bilinear", align_corners=False, antialias=True
        )
    mean, std = (torch.tensor(plain[name]).view(1, -1, 1, 1) for name in ("mean", "std"))
    return (values - mean) / std
'''


def _refuses(subject: Subject) -> Words | None:
    kind = subject.architecture.kind
    network: Any = subject.model.network
    if kind not in ("bert", "gpt", "pretrained", *picture_folder.FAMILIES):
        return Words("transformers has no network like it.")
    if subject.model.copies != "none":
        return Words("transformers does not average over changed copies of a picture.")
    if kind == "gpt" and to_gpt2(network) is None:
        return Words("Only decoders with the settings of GPT-2 have a place there.")
    return picture_folder.why_not(subject) if kind in picture_folder.FAMILIES else None


@register(
    "hugging-face",
    title=mark("Hugging Face folder"),
    summary=mark("Opens with from_pretrained of transformers. For BERT, GPT, ViT, ResNet and pretrained models."),
    check="from told import told\n",
    example="from preparing import OFFERED\nfrom told import told as tell\n---\ntold = tell(prepared[None])[0]",
    needs=("torch", "transformers", "numpy"),
    refuses=_refuses,
)
def write(subject: Subject, folder: Path) -> None:
    """Write what save_pretrained writes, the tokenizer, preparing.py, and told.py: from inputs to answers."""
    with silence():
        if subject.architecture.kind in picture_folder.FAMILIES:
            picture_folder.write_pictures_model(subject, folder)
        else:
            _write_model(subject, folder)
    source = preparing(subject) + (_PIXELS if subject.inputs.kind == "image" else "")
    (folder / "preparing.py").write_text(source, encoding="utf-8")
    title = '"""From prepared inputs to what the model tells, by transformers."""\n\n'
    (folder / "told.py").write_text(title + _TOLD, encoding="utf-8")


def _write_model(subject: Subject, folder: Path) -> None:
    model = _of_transformers(subject)
    labels = subject.model.labels
    if labels and subject.task.tells == "probabilities":
        model.config.id2label = dict(enumerate(labels))
        model.config.label2id = {label: place for place, label in enumerate(labels)}
    model.save_pretrained(folder)
    _write_tokenizer(subject, folder)


def _of_transformers(subject: Subject) -> Any:
    """Return a model of transformers with these weights."""
    network: Any = subject.model.network
    match subject.architecture.kind:
        case "pretrained":
            return _merged(network.model)
        case "gpt":
            return _gpt2(network)
        case _:
            return _bert(subject)


def _gpt2(network: Any) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    found = to_gpt2(network)
    assert found is not None, "it would have been refused"
    sizes, weights = found
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=None, eos_token_id=None))
    _fill(model, weights)
    return model


def _bert(subject: Subject) -> Any:
    from workbench.architectures.bert import transformers_model

    settings: Any = subject.settings
    masked = subject.model.task == "masked_token"
    model = transformers_model(settings, subject.inputs.vocabulary, subject.model.outputs, masked)
    _fill(model, subject.model.network.state_dict())
    return model


def _fill(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load weights; names that are tied to others may be left out."""
    missing, unexpected = model.load_state_dict(dict(weights), strict=False)
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    lacking = [name for name in missing if name not in tied and "position_ids" not in name]
    wrong = [*lacking, *unexpected]
    assert not wrong, f"the weights do not fit: {wrong}"


def _merged(model: Any) -> Any:
    """Return a model in which the matrices of LoRA are part of the layers that they stood beside."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    with torch.no_grad():
        for name, layer in list(model.named_modules()):
            if isinstance(layer, BaseTunerLayer):
                layer.merge()
                above, _, last = name.rpartition(".")
                setattr(model.get_submodule(above), last, layer.get_base_layer())
    return model


def _write_tokenizer(subject: Subject, folder: Path) -> None:
    """Write tokenizer.json where tokens are parts of words; words and characters are cut by preparing.py alone."""
    tokenizer = getattr(subject.preprocessing, "tokenizer", None)
    if not isinstance(tokenizer, str) or not tokenizer.startswith("{"):
        return
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    special = subject.preprocessing.special
    loaded: Any = Tokenizer.from_str(tokenizer)
    names = {"padding": "pad", "unknown": "unk", "end": "eos"}
    marks = {f"{names.get(name, name)}_token": loaded.id_to_token(place) for name, place in special.items()}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=loaded,
        model_max_length=subject.inputs.shape[0],
        **{name: token for name, token in marks.items() if token},
    )
    fast.save_pretrained(folder)
