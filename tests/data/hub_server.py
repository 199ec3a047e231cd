"""A small server that speaks the Hugging Face hub's protocol: information, trees, LFS files behind redirects."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import polars
import pytest

MAIN = "a" * 40
CONVERTED = "b" * 40
Files = dict[str, bytes]


@dataclass
class Hub:
    """What the server has, and how it shall behave.

    repositories: files on the branch of converted Parquet files, by path, by name of the data set. own: files that
    they bring themselves. gated: names that ask for consent. broken: cuts the line after so many bytes of a file,
    that often. spoiled: whether contents arrive with other bytes. without_ranges: answers a request for a part with
    the whole. nonsense: what answers every question, as the web page of a network that wants a sign-in. cards: README
    metadata. asked: the paths of all requests, with the range of downloads.
    """

    repositories: dict[str, Files] = field(default_factory=dict)
    own: dict[str, Files] = field(default_factory=dict)
    gated: tuple[str, ...] = ()
    cut_after: int = 0
    cuts: int = 0
    spoiled: bool = False
    without_ranges: bool = False
    nonsense: str = ""
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""

    def downloads(self) -> list[tuple[str, str]]:
        """Return path and range of each download there was."""
        return [entry for entry in self.asked if entry[0].startswith("/cdn/")]


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on a free port of this machine, at hub.endpoint."""

    class Handler(_Handler):
        of = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def in_use(hub: Hub) -> Iterator[Hub]:
    """Serve `hub`, and have Workbench and its child processes take it for the hub."""
    from huggingface_hub import close_session

    with pytest.MonkeyPatch.context() as patch, serving(hub):
        patch.delenv("HF_HUB_OFFLINE", raising=False)
        patch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub
        close_session()


class _Handler(BaseHTTPRequestHandler):
    of: Hub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.of.asked.append((path, self.headers.get("Range", "")))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if self.of.nonsense:
            self._send(200, self.of.nonsense.encode(), **{"Content-Type": "text/html"})
        elif parts[0] == "cdn":
            self._content(parts[1])
        elif parts[:2] in (["api", "datasets"], ["api", "models"]):
            self._api("/".join(parts[2:4]), parts[4:])
        elif parts[0] != "datasets":
            owner, name, _, revision, *rest = parts
            content = self._files(f"{owner}/{name}", revision)["/".join(rest)]
            self._send(302, b"", Location=f"/cdn/{hashlib.sha256(content).hexdigest()}")
        else:
            _, owner, name, _, revision, *rest = parts
            content = self._files(f"{owner}/{name}", revision)["/".join(rest)]
            self._send(302, b"", Location=f"/cdn/{hashlib.sha256(content).hexdigest()}")

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _files(self, name: str, revision: str) -> Files:
        return (self.of.repositories if revision in (CONVERTED, "refs/convert/parquet") else self.of.own).get(name, {})

    def _api(self, name: str, rest: list[str]) -> None:
        if name in self.of.gated:
            self._send(403, b"", **{"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
        elif name not in self.of.repositories and name not in self.of.own:
            self._send(404, b"", **{"X-Error-Code": "RepoNotFound"})
        elif rest[:1] == ["tree"]:
            self._json([_entry(path, content) for path, content in self._files(name, rest[1]).items()])
        elif rest == ["revision", "refs/convert/parquet"] and name not in self.of.repositories:
            self._send(404, b"", **{"X-Error-Code": "RevisionNotFound"})
        else:
            commit = CONVERTED if rest[:1] == ["revision"] else MAIN
            card = self.of.cards.get(name, {})
            self._json({"id": name, "sha": commit, "cardData": card, "siblings": [], "tags": [], "downloads": 0})

    def _content(self, digest: str) -> None:
        everything = {
            hashlib.sha256(content).hexdigest(): content
            for group in (self.of.repositories, self.of.own)
            for files in group.values()
            for content in files.values()
        }
        content = everything[digest]
        if self.of.spoiled:
            content = bytes(255 - byte for byte in content) + b"and more"
        begin = 0
        headers = {}
        if (wanted := self.headers.get("Range")) and not self.of.without_ranges:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        body = content[begin:]
        self.send_response(206 if headers else 200)
        for key, value in {"Content-Length": str(len(body)), "ETag": f'"{digest}"', **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.of.cuts and len(body) > self.of.cut_after:
            self.of.cuts -= 1
            self.wfile.write(body[: self.of.cut_after])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def _json(self, plain: Any) -> None:
        self._send(200, json.dumps(plain).encode(), **{"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


def _entry(path: str, content: bytes) -> dict[str, Any]:
    """Return a file of a tree: Parquet files are kept as LFS objects, of which git has a pointer."""
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": git_blob(content)}
    if path.endswith(".parquet") and not path.startswith("small"):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


def git_blob(content: bytes) -> str:
    """Return the name that git gives to a file with this content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def parquet(frame: polars.DataFrame, features: dict[str, Any] | None = None) -> bytes:
    """Return a Parquet file as the hub's converter writes it, with the description of its columns."""
    import io

    file = io.BytesIO()
    about = {"huggingface": json.dumps({"info": {"features": features}})} if features else None
    frame.write_parquet(file, metadata=about, row_group_size=7)
    return file.getvalue()
