"""Pretrained models of transformers: any classifier or language model in a folder or on the hub, trained further."""

import inspect
import json
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from workbench.architectures import register
from workbench.core.settings import Hint, Settings
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks import pretrained_folder, pretrained_inputs, pretrained_models
from workbench.networks.tensor_reading import read_tensors


class PretrainedSettings(Settings):
    """Which model, and what of it is trained."""

    kind: Literal["pretrained"] = "pretrained"
    trims_texts: ClassVar[bool] = True  # padding changes nothing, and need not be there
    name: Annotated[
        str,
        Field(
            max_length=4096,
            title="Model",
            description="A folder of transformers with safetensors in it, or a name on the Hugging Face hub.",
        ),
        Hint(chooser="folder"),
    ] = ""
    train: Annotated[
        Literal["all", "head", "lora"],
        Field(
            title="Train",
            description="All weights, the last layers alone, or small matrices beside the layers of attention.",
        ),
        Hint(choices={"all": "All weights", "head": "Only the head", "lora": "LoRA"}),
    ] = "all"
    rank: Annotated[
        int, Field(ge=1, le=1024, title="LoRA rank", description="Width of the small matrices."), Hint(log=True)
    ] = 8
    alpha: Annotated[
        float,
        Field(
            gt=0, le=10_000, title="LoRA alpha", description="What the small matrices give counts alpha / rank times."
        ),
        Hint(advanced=True),
    ] = 16.0
    dropout: Annotated[
        float,
        Field(ge=0, lt=1, title="LoRA dropout", description="Part of what enters the small matrices that is left out."),
        Hint(advanced=True),
    ] = 0.0
    targets: Annotated[
        str,
        Field(
            title="LoRA layers",
            description="Endings of the names of the layers, with commas between them; automatic takes queries and "
            "values.",
        ),
        Hint(advanced=True, choices={"auto": "Automatic"}),
    ] = "auto"
    length: Annotated[
        Literal["auto"] | Annotated[int, Field(ge=4, le=65536)],
        Field(
            title="Length",
            description="Tokens of a text that are read; what follows is cut off. "
            "Automatic takes what nearly all training texts need.",
        ),
        Hint(choices={"auto": "Automatic"}),
    ] = "auto"
    config: Annotated[
        str,
        Field(title="Configuration", description="That of the model, kept so that its folder is not needed any more."),
        Hint(hidden=True),
    ] = ""

    def completed(self) -> "PretrainedSettings":
        """Return the settings with the configuration in them; raises UserError when the folder cannot be used."""
        if self.config:
            return self
        found = pretrained_folder.checked(pretrained_folder.place_of(self.name))
        pretrained_models.fitting(found.model_type)
        longest = pretrained_inputs.longest_text(found.config, found.path)
        config = json.dumps({**found.config, "workbench_longest": longest}, ensure_ascii=False, sort_keys=True)
        return self.model_copy(update={"config": config})

    def plain_config(self) -> dict[str, Any]:
        """Return the values of config.json; raises UserError when the folder cannot be used."""
        return {name: value for name, value in self._known().items() if name != "workbench_longest"}

    def own_preprocessing(self, dataset: Any) -> dict[str, Any]:
        """Return in plain values what the model brings itself to turn texts or pictures into what it takes."""
        config, folder = self.plain_config(), pretrained_folder.place_of(self.name)
        if dataset.inputs.kind == "image":
            size = pretrained_inputs.pictures(folder, config)
            channels, height, width = dataset.inputs.shape
            return {
                "kind": "pretrained_image",
                "channels": channels,
                "height": height,
                "width": width,
                "mean": size.mean,
                "std": size.std,
                "shape": (size.channels, size.height, size.width),
            }
        return {
            "kind": "pretrained_text",
            "folder": str(folder),
            "vocabulary": pretrained_inputs.vocabulary(config),
            "padding": padding_of(config),
            "texts": dataset.training.texts(),
            "length": self.length,
            "longest": self._known()["workbench_longest"],
        }

    def own_inputs(self, inputs: Inputs) -> Inputs:
        """Return what the network takes of such inputs, before the data have been looked at."""
        config = self.plain_config()
        if inputs.kind == "image":
            size = pretrained_inputs.pictures(pretrained_folder.place_of(self.name), config)
            return Inputs("image", (size.channels, size.height, size.width))
        length = pretrained_inputs.text_length(self.length, self._known()["workbench_longest"])
        return Inputs("text", (length,), pretrained_inputs.vocabulary(config))

    def _known(self) -> dict[str, Any]:
        known = json.loads(self.completed().config)
        pretrained_folder.require_harmless(known)  # it may come from the folder of a foreign run
        return known


@register(
    "pretrained",
    settings=PretrainedSettings,
    title="Pretrained",
    summary="A model that others trained on much more data, of the Hugging Face hub or a folder.",
    inputs=("image", "text"),
    tasks=("classification", "multi_label", "masked_token", "next_token"),
    takes_task=True,
    presets={
        mark("All weights"): {"train": "all"},
        mark("Only the head"): {"train": "head"},
        mark("LoRA"): {"train": "lora"},
    },
    paper="Wolf et al. 2020, Transformers: state-of-the-art natural language processing; Hu et al. 2021, LoRA",
    picture=("input", "embedding", "attention", "linear"),
)
class Pretrained(nn.Module):
    """A network of transformers: ids (batch, length) or pictures (batch, channels, height, width) -> one tensor.

    Logits (batch, outputs), or of every token (batch, length, vocabulary). Id 0 is padding: where a tokenizer has it
    elsewhere, the two ids have changed places, in what goes in and in what comes out. The network is built from the
    configuration, with fresh weights; `load_pretrained` gives it those of the folder. With LoRA its state holds the
    model's own weights and the matrices beside them, unmerged: it is complete without the folder.
    """

    def __init__(self, settings: PretrainedSettings, inputs: Inputs, outputs: int, task: str = "") -> None:
        super().__init__()
        self.settings = settings
        config = settings.plain_config()
        self.reads_text = inputs.kind == "text"
        self.tells_tokens = task in ("masked_token", "next_token")
        self.longest = inputs.shape[0] if self.reads_text else 0
        self.causal = task == "next_token"
        self.padding = padding_of(config) if self.reads_text else 0
        changes = {"pad_token_id": self.padding} if self.reads_text else {}
        self.model: Any = pretrained_models.built(config, inputs.kind, task, outputs, **changes)
        head = pretrained_models.head_names(self.model)
        self.head = _common(f"model.{name}" for name in head)
        if settings.train == "lora":
            wanted = () if settings.targets == "auto" else tuple(part.strip() for part in settings.targets.split(","))
            pretrained_models.add_lora(
                self.model, rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout, targets=wanted
            )
        elif settings.train == "head":
            pretrained_models.train_head(self.model)

    @property
    def context(self) -> int:
        """How many tokens it can see at once."""
        return self.longest

    def continued(self, tokens: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
        """Return the logits after the last of `tokens`, and the keys and values with which the next ones go on."""
        known = inspect.signature(self.model.forward).parameters
        name = "cache" if "cache" in known else "past_key_values"  # as it was called before transformers 5.24
        found = self.model(input_ids=self._swapped(tokens), use_cache=True, **{name: memory})
        return self._as_ids(found.logits[:, -1]), getattr(found, name)

    def load_pretrained(self) -> tuple[list[str], list[str]]:
        """Take over the weights of the folder; return the names that stayed fresh, and those that were left over.

        Raises UserError when the folder cannot be used.
        """
        found = pretrained_folder.checked(pretrained_folder.place_of(self.settings.name))
        pretrained_models.require_size(self.model, found.elements)
        tensors: dict[str, Tensor] = {}
        for file in found.files:
            tensors.update(read_tensors(file))
        return pretrained_models.fill(self.model, tensors)

    def train(self, mode: bool = True) -> "Pretrained":
        """Choose between training and use; what is frozen below a head is always in use, its dropout off."""
        super().train(mode)
        if mode and self.settings.train == "head":
            for part in self.model.children():
                part.train(any(parameter.requires_grad for parameter in part.parameters()))
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.reads_text:
            return self.model(pixel_values=inputs).logits
        there = inputs != 0
        ids = self._swapped(inputs)
        # A mask of nothing but shapes has no values to look at, which transformers would do.
        unmasked = ids.is_meta or self.causal  # behind the last token of a text nothing is told from
        logits: Tensor = self.model(input_ids=ids, attention_mask=None if unmasked else there.long()).logits
        return self._as_ids(logits) if self.tells_tokens else logits

    def _as_ids(self, logits: Tensor) -> Tensor:
        """Return logits of tokens in the order of the ids that come in, where padding is 0."""
        if not self.padding:
            return logits
        order = torch.arange(logits.shape[-1], device=logits.device)
        return logits[..., self._swapped(order)]

    def _swapped(self, ids: Tensor) -> Tensor:
        if not self.padding:
            return ids
        return torch.where(ids == 0, self.padding, torch.where(ids == self.padding, 0, ids))


def padding_of(config: dict[str, Any]) -> int:
    """Return the id with which a model's texts are filled up: its padding, or where it has none, its end of text."""
    for name in ("pad_token_id", "eos_token_id"):
        value = config.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if type(value) is int and 0 <= value < config.get("vocab_size", 0):
            return value
    return 0


def _common(names: Any) -> str:
    """Return the longest dotted name that all of these begin with: that of the layer they belong to."""
    parts = [name.split(".")[:-1] for name in names]
    shared: list[str] = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return ".".join(shared) if parts and shared != ["model"] else ""
