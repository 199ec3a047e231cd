"""Texts that leave this machine: without secrets, and without the name of whoever works here."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

REMOVED = "[removed]"
_SHORTEST = 6  # characters of a value that is looked for wherever it stands; shorter ones are ordinary words

_NAMES = r"(?:token|secret|passwd|password|passphrase|pwd|api_?key|access_?key|private_?key|authorization|credentials?)"
_SECRET_NAME = re.compile(rf"{_NAMES}$", re.IGNORECASE)
_NAMED = re.compile(  # password = "…", HF_TOKEN: …, {"api-key": "…"}, --token …; a number is a setting
    rf"""((?<![A-Za-z])["']?[\w.-]*?{_NAMES.replace("_?", "[-_]?")}\\?["']?\s*(?:[:=]|\s(?=hf_))\s*)"""
    r"""(?!\d+(?:\.\d+)?\b|true\b|false\b|null\b|None\b)(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|(?:(?:Bearer|Basic)\s+)?[^\s,;&}\]]+)""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{6,}|api_org_[A-Za-z0-9]{6,}|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
    r"|sk-[\w-]{16,}|AKIA[A-Z0-9]{16}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_HOMES = re.compile(r"(?:/home/|/Users/|[A-Za-z]:(?:\\+|/)Users(?:\\+|/))[^/\\\s\"':,;]+")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without what looks like a secret, with home folders as ~; secrets: values that are known."""
    for value in sorted({value for value in secrets if len(value) >= _SHORTEST}, key=len, reverse=True):
        text = text.replace(value, REMOVED)
    text = _KEY_BLOCK.sub(REMOVED, text)
    text = _IN_ADDRESS.sub(rf"\1{REMOVED}@", text)
    text = _BEARER.sub(rf"\1 {REMOVED}", text)
    text = _SHAPES.sub(REMOVED, text)
    text = _NAMED.sub(_without_value, text)
    for home in _own_homes():
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    return _HOMES.sub("~", text)


def known_secrets() -> list[str]:
    """Return the secrets of this machine that Workbench could have met: in the environment, and the hub's token."""
    found = [value.strip() for name, value in os.environ.items() if _SECRET_NAME.search(name)]
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    for path in (Path(os.environ.get("HF_TOKEN_PATH") or hub / "token"), hub / "stored_tokens"):
        try:
            found += re.findall(r"\S{12,}", path.read_text("utf-8", "replace"))
        except OSError:
            continue  # there is none
    return found


def _without_value(match: re.Match[str]) -> str:
    value = match[2]
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    return f"{match[1]}{quote}{REMOVED}{quote}"


def _own_homes() -> list[str]:
    """Return the spellings of this person's home folder, longest first; a home at the root is nobody's."""
    try:
        home = Path.home()
    except RuntimeError:
        return []
    texts = {str(home), str(home.resolve())}
    texts |= {text.replace("\\", "\\\\") for text in texts} | {text.replace("\\", "/") for text in texts}
    return sorted((text for text in texts if len(text) > 2), key=len, reverse=True)
