"""Reading a tokenizer of the `tokenizers` library that is not to be trusted: its sizes and regular expressions first.

The library's regular expressions backtrack: one as short as (a+)+ can take longer than the universe has. So only those
are let in with which the known families of models cut their texts. And each tokenizer is tried out at first in a
process of its own, since the library itself can be brought to end a process.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core import limited, paths
from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import mark
from workbench.data import tokenizer_trial

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MOST_BYTES = 64_000_000
_MOST_TOKENS = 1_000_000
_DEEPEST = 40
_TRIAL_SECONDS = 5  # and one more for each million bytes
_TRIAL_MEMORY = 2 * 2**30  # bytes, and 60 times the file
_LONGEST_TEXT = 1000  # characters of a plain text that is searched for

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_CAPITALS = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
)
_SMALLS = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
_KNOWN = frozenset(
    (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",  # GPT-2
        rf"{_CONTRACTIONS}\p{{N}}{{1,3}}{_REST}",  # cl100k, Llama 3
        rf"{_CONTRACTIONS}\p{{N}}{_REST}",  # Qwen 2
        rf"{_CAPITALS}{_SMALLS}\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",  # o200k
        r"\p{N}{1,3}",
        r"\p{N}",
        r"[0-9][0-9][0-9]",  # Falcon
        r"\d",
        r"\s",
        r"\s+",
        r" {2,}",
        r"\n",
        r"[\r\n]",
        r"\s?\p{L}+",
        r"\s?\p{P}+",
        r"[一-龥ࠀ-一가-퟿]+",  # DeepSeek
        r"[一-龥぀-ゟ゠-ヿ]+",
        r" ?[^(\s|[.,!?…。，、।۔،])]+",  # BLOOM
        r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",  # CLIP
    )
)
_tried: set[str] = set()
_NO_TOKENIZER = mark("{name} is not a tokenizer that can be used: {reason}.")
_FAST_ONLY = mark("A tokenizer.json of the tokenizers library is needed.")


def read_tokenizer(path: Path) -> "Tokenizer":
    """Return the tokenizer in a tokenizer.json; raises UserError when it is none, too large or not to be trusted."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _MOST_BYTES else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be read: {reason}.", name=shown(path.name), reason=reason) from error
    if size > _MOST_BYTES:
        raise _refused(path.name, f"{size / 1e6:,.0f} MB")
    return tokenizer_from(content.decode("utf-8", "replace"), path.name)


def tokenizer_from(text: str, name: str = "tokenizer.json") -> "Tokenizer":
    """Return the tokenizer that this JSON describes, checked before it is built.

    Raises UserError when it is not one, is too large, does not come through its trial, or cuts texts with a regular
    expression that nobody knows, which may take forever (FAULTS M11).
    """
    from tokenizers import Tokenizer  # slow to import, and not needed for words and characters

    if len(text) > _MOST_BYTES:
        raise _refused(name, f"{len(text) / 1e6:,.0f} MB")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(name, "JSON") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("model"), dict):
        raise _refused(name, "model")
    vocabulary = plain["model"].get("vocab", ())
    if not isinstance(vocabulary, dict | list) or len(vocabulary) > _MOST_TOKENS:
        raise _refused(name, f"vocab: {len(vocabulary):,}" if hasattr(vocabulary, "__len__") else "vocab")
    patterns = {
        pattern
        for part in ("normalizer", "pre_tokenizer", "decoder", "post_processor")
        for pattern in _patterns(name, plain.get(part), 0)
    }
    _try_out(text, name)
    if unknown := sorted(patterns - _KNOWN):
        raise UserError(
            "{name} cuts texts with a regular expression that is not known: {pattern}",
            hint="It may take forever on some texts, so it is not used. Choose another tokenizer.",
            name=shown(name),
            pattern=unknown[0][:200],
        )
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing more exact
        raise _refused(name, str(error)[:200]) from error
    if tokenizer.get_vocab_size() > _MOST_TOKENS:
        raise _refused(name, f"vocab: {tokenizer.get_vocab_size():,}")
    tokenizer.no_truncation()  # texts are cut and filled up here
    tokenizer.no_padding()
    know(tokenizer.to_str())
    return tokenizer


def know(text: str) -> None:
    """Keep in mind that this tokenizer needs no trial: it was made here, or came through one."""
    _tried.add(_digest(text))
    with suppress(OSError):  # then it is tried once more
        kept = _kept(text)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()


def _try_out(text: str, name: str) -> None:
    """Let a process of its own use the tokenizer; raises UserError when that crashes, takes too long or too much."""
    if _digest(text) in _tried or _kept(text).exists():
        return
    content = text.encode("utf-8", "replace")
    seconds = _TRIAL_SECONDS + len(content) // 1_000_000
    try:
        ended = _trial(content, seconds)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("{name} could not be tried out: {reason}.", name=shown(name), reason=reason) from error
    if ended.is_late:
        raise UserError(
            "{name} was tried out on short texts and did not come to an end within {seconds} s: timed out.",
            hint="Its rules may take forever, so it was stopped and is not used. Choose another tokenizer.",
            name=shown(name),
            seconds=seconds,
        )
    if ended.code == tokenizer_trial.NO_TOKENIZER:
        raise _refused(name, (ended.said.splitlines() or [""])[-1])
    if ended.code:
        raise UserError(
            "{name} failed when it was tried out on short texts.",
            hint="It is not used. Choose another tokenizer.",
            details=ended.said,
            name=shown(name),
        )
    know(text)


def _trial(content: bytes, seconds: int) -> limited.Ended:
    own = paths.cache() / "tokenizers"
    own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=own) as place:
        return limited.run(  # given on its input: the vocabulary of an encrypted model is not for the disk
            Path(tokenizer_trial.__file__),
            given=content,
            place=Path(place),
            memory=_TRIAL_MEMORY + 60 * len(content),
            seconds=seconds,
            largest=2**20,
        )


def _kept(text: str) -> Path:
    return paths.cache() / "tokenizers" / _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _patterns(name: str, part: Any, depth: int) -> Iterator[str]:
    """Yield the regular expressions in a part of the description, however deep they lie."""
    if depth > _DEEPEST:
        raise _refused(name, f"{depth}")
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "Regex":
                yield str(value)
            elif key == "String" and len(str(value)) > _LONGEST_TEXT:
                raise _refused(name, f"String: {len(str(value)):,}")
            else:
                yield from _patterns(name, value, depth + 1)
    elif isinstance(part, list):
        for value in part:
            yield from _patterns(name, value, depth + 1)


def _refused(name: str, reason: str) -> UserError:
    return UserError(_NO_TOKENIZER, hint=_FAST_ONLY, name=shown(name), reason=reason)
