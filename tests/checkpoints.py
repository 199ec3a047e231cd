"""Tiny checkpoints of transformers with random weights and a tokenizer, made where a test needs one."""

import json
from pathlib import Path
from typing import Any

import torch

from workbench.data.token_preprocessing import trained_bpe, trained_wordpiece

TEXTS = [
    f"this is a {word} thing, and my {other} is {word} too" for word in ("good", "bad") for other in ("dog", "cat")
]
_SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def _library() -> Any:
    """Return transformers, whose configurations take more than their types say."""
    import transformers

    return transformers


def opened(name: str, folder: Path) -> Any:
    """Return the network in a folder as transformers' class of this name opens it, in use."""
    transformers = _library()
    transformers.utils.logging.disable_progress_bar()  # it starts a thread
    return getattr(transformers, name).from_pretrained(folder).eval()


def saved(network: Any, folder: Path) -> Path:
    """Save a network of transformers, and return its folder."""
    transformers = _library()
    transformers.utils.logging.disable_progress_bar()
    network.save_pretrained(folder)
    return folder


def bert(folder: Path, labels: int = 2, kind: str = "BertForSequenceClassification", **changes: Any) -> Path:
    """Make a BERT with WordPiece in `folder`."""
    transformers = _library()
    torch.manual_seed(0)
    tokenizer = trained_wordpiece(TEXTS, 200, ("cls", "sep", "mask"))
    size = len(json.loads(tokenizer)["model"]["vocab"])
    config = transformers.BertConfig(
        vocab_size=size, max_position_embeddings=40, num_labels=labels, initializer_range=0.2, **_SIZE, **changes
    )
    saved(getattr(transformers, kind)(config), folder)
    plain = json.loads(tokenizer)
    ids = plain["model"]["vocab"]
    plain["post_processor"] = {
        "type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]],
    }  # fmt: skip
    plain["truncation"] = {"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    (folder / "tokenizer.json").write_text(json.dumps(plain), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"mask_token": "[MASK]"}), encoding="utf-8")
    return folder


def gpt2(folder: Path) -> Path:
    """Make a GPT-2 with byte pairs in `folder`, whose end of text is its last id and its padding."""
    transformers = _library()
    torch.manual_seed(0)
    tokenizer = trained_bpe(TEXTS, 300, ("end",))
    plain = json.loads(tokenizer)
    size = len(plain["model"]["vocab"])
    end = plain["model"]["vocab"]["<|endoftext|>"]
    config = transformers.GPT2Config(
        vocab_size=size, n_positions=24, n_embd=32, n_layer=2, n_head=4, initializer_range=0.2, eos_token_id=end,
        bos_token_id=end,
    )  # fmt: skip
    saved(transformers.GPT2LMHeadModel(config), folder)
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}), encoding="utf-8")
    return folder


def vit(folder: Path, labels: int = 3) -> Path:
    """Make a classifier of images in `folder`."""
    transformers = _library()
    torch.manual_seed(0)
    config = transformers.ViTConfig(image_size=16, patch_size=8, num_labels=labels, initializer_range=0.2, **_SIZE)
    saved(transformers.ViTForImageClassification(config), folder)
    plain = {"size": {"height": 16, "width": 16}, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(plain), encoding="utf-8")
    return folder
