"""Models that want to do harm: pickles that call something, files that lead elsewhere, settings that ask for code.

Every payload leaves a file in the folder of canaries when it runs. Beside the pickles there are weights that declare
what is not so, transformers' hooks and ONNX' external data.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.robustness.hostile_pickles import call, containers, pickled, torch_zip

_CONFIG = {"model_type": "bert", "hidden_size": 8, "vocab_size": 10, "num_hidden_layers": 1, "num_attention_heads": 1,
           "intermediate_size": 8, "max_position_embeddings": 8}  # fmt: skip


def corpus(place: Path, canaries: Path) -> dict[str, Path]:
    """Make every hostile file and folder below `place`, and return them by name."""
    found: dict[str, Path] = {}
    for name, content in (*pickled(canaries), *containers(canaries), *_tensor_files(canaries)):
        path = place / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        found[name] = path
    secret = place / "secret.safetensors"
    secret.write_bytes(safetensors({"bert.embeddings.word_embeddings.weight": (10, 8)}))
    for name, files in _folders(canaries, secret):
        folder = place / "folders" / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            if isinstance(content, Path):
                (folder / file).symlink_to(content)
            else:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes(content)
        found[name] = folder
    found.update(_onnx_folders(place / "onnx", secret))
    return found


def safetensors(shapes: Mapping[str, tuple[int, ...]], **head: Any) -> bytes:
    """Return a safetensors file of zeros, with these entries of its head added or replaced."""
    plain: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        plain[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps({**plain, **head}).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * end


def _tensor_files(canaries: Path) -> Iterator[tuple[str, bytes]]:
    evil = call("os", "system", (f"touch {canaries / 'tensors'}",))
    sound = safetensors({"weight": (2, 2)})
    yield "pickle_behind.safetensors", sound + evil
    yield "pickle_inside.safetensors", sound[:-16] + evil[:16].ljust(16)
    yield "pickle_first.safetensors", evil + sound
    yield "zip_behind.safetensors", sound + torch_zip(evil)
    yield "huge_head.safetensors", struct.pack("<Q", 2**62) + b"{}"
    yield "huge_shape.safetensors", _with_head({"w": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 4]}})
    yield "negative.safetensors", _with_head({"w": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}})
    yield "overlapping.safetensors", safetensors({"a": (4,)}, b={"dtype": "F32", "shape": [4], "data_offsets": [0, 16]})
    yield "object_type.safetensors", _with_head({"w": {"dtype": "O", "shape": [1], "data_offsets": [0, 4]}})
    yield (
        "many.safetensors",
        _with_head({str(n): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_001)}),
    )
    yield "names.safetensors", safetensors({"../../evil": (1,), "__class__.__init__": (1,), "\0": (1,)})
    yield "metadata.safetensors", safetensors({"w": (1,)}, __metadata__={"__reduce__": "os.system"})


def _with_head(head: Mapping[str, Any]) -> bytes:
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 16


def _folders(canaries: Path, secret: Path) -> Iterator[tuple[str, dict[str, bytes | Path]]]:
    """Yield folders of transformers, each with one thing in it that would run or read something else."""
    code = f"open({str(canaries / 'folder')!r}, 'w').close()"
    module, evil = code.encode(), call("os", "system", (f"touch {canaries / 'folder'}",))
    weights = safetensors({"bert.embeddings.word_embeddings.weight": (10, 8)})

    def folder(files: Mapping[str, bytes | Path] | None = None, **config: Any) -> dict[str, bytes | Path]:
        plain = json.dumps({**_CONFIG, **config}).encode()
        return {"config.json": plain, "model.safetensors": weights, "modeling_evil.py": module,
                "configuration_evil.py": module, "__init__.py": module, **(files or {})}  # fmt: skip

    hooks: dict[str, Any] = {
        "auto_map": {"AutoModel": "modeling_evil.Evil", "AutoConfig": "configuration_evil.Evil"},
        "custom_pipelines": {"evil": {"impl": "modeling_evil.Evil"}},
        "trust_remote_code": True,
        "_attn_implementation_internal": "evil/kernel",
        "_attn_implementation": "evil/kernel",
        "attn_implementation": "evil/kernel:evil",
        "experts_implementation": "evil/kernel",
        "use_kernels": True,
        "kernel_config": {"Linear": "evil/kernel:evil"},
        "quantization_config": {"quant_method": "custom", "modules_to_not_convert": []},
        "backbone": "evil/model",
        "transformers_weights": "../../secret.safetensors",
        "text_config": {"auto_map": {"AutoConfig": "configuration_evil.Evil"}},
        "model_type": "../../evil",
        "vocab_size": 2**60,
        "num_hidden_layers": 10**7,
        "hidden_act": "modeling_evil.Evil",
        "activation_function": "os.system",
        "problem_type": f"__import__('os').system('touch {canaries / 'folder'}')",
        "tokenizer_class": "modeling_evil.Evil",
        "pruned_heads": {"0": list(range(100_000))},
        "architectures": ["modeling_evil.Evil"],
        "torch_dtype": "os.system",
    }
    for name, value in hooks.items():
        yield f"config-{name}", folder(**{name: value})
    yield "config-timm", folder(model_type="timm_wrapper", architecture="evil")
    yield "config-nested", {**folder(), "config.json": b'{"a":' * 5_000 + b"1" + b"}" * 5_000}
    yield "weights-pickled", {**folder(), "model.safetensors": evil}
    yield (
        "weights-bin-only",
        {name: value for name, value in {**folder(), "pytorch_model.bin": evil}.items() if name != "model.safetensors"},
    )
    for name, place in (("up", "../../secret.safetensors"), ("absolute", str(secret)), ("pickle", "pytorch_model.bin")):
        index = json.dumps({"weight_map": {"bert.embeddings.word_embeddings.weight": place}}).encode()
        files = {**folder({"model.safetensors.index.json": index, "pytorch_model.bin": evil})}
        files.pop("model.safetensors")
        yield f"index-{name}", files
    yield "adapter", folder({"adapter_config.json": json.dumps({"base_model_name_or_path": "../../evil"}).encode()})
    yield "generation", folder({"generation_config.json": b'{"custom_generate": "modeling_evil.py"}',
                                "custom_generate/generate.py": module})  # fmt: skip
    template = "{{ cycler.__init__.__globals__.os.system('touch " + str(canaries / "folder") + "') }}"
    yield "template", folder({"tokenizer_config.json": json.dumps({"chat_template": template}).encode(),
                              "chat_template.jinja": template.encode()})  # fmt: skip
    hooked = {"auto_map": {"AutoTokenizer": ["modeling_evil.Evil", None]}, "tokenizer_class": "Evil"}
    yield "tokenizer-code", folder({"tokenizer_config.json": json.dumps(hooked).encode()})
    yield "tokenizer-bomb", folder({"tokenizer.json": json.dumps(regex_bomb()).encode()})
    processor = {"auto_map": {"AutoImageProcessor": "modeling_evil.Evil"}, "image_processor_type": "Evil"}
    yield "processor-code", folder({"preprocessor_config.json": json.dumps(processor).encode()})
    yield "linked-config", {**folder(), "config.json": Path("/etc/passwd")}


def onnx_with_data(location: str) -> bytes:
    """Return an ONNX model with one tensor whose data lie in another file."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    entry = field(1, b"location") + field(2, location.encode())
    tensor = bytes([1 << 3, 4, 2 << 3, 1]) + field(8, b"w") + field(13, entry) + bytes([14 << 3, 1])
    return bytes([1 << 3, 8]) + field(7, field(2, b"g") + field(5, tensor))


def regex_bomb(pattern: str = "(a+)+$") -> dict[str, Any]:
    """Return a tokenizer whose regular expression takes longer than anyone lives."""
    return {
        "version": "1.0",
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
    }


def _onnx_folders(place: Path, secret: Path) -> dict[str, Path]:
    """Make folders of ONNX models whose data lie outside of them: by a path, a link, a second name, absolutely."""
    found = {}
    for name, location in (
        ("up", "../../secret.safetensors"),
        ("absolute", str(secret)),
        ("link", "data"),
        ("hard", "data"),
    ):
        folder = place / name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(onnx_with_data(location))
        if name == "link":
            (folder / "data").symlink_to(secret)
        elif name == "hard":
            os.link(secret, folder / "data")
        found[f"onnx-{name}"] = folder
        found[f"onnx-{name}-file"] = folder / "model.onnx"
    return found


def as_model_of_run(model: Path, content: bytes) -> None:
    """Put `content` in the place of a model's weights, with a list of checksums made to fit."""
    (model / "model.safetensors").write_bytes(content)
    listed = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    listed["model.safetensors"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (model / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
