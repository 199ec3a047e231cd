"""Tries a tokenizer out on texts that bring a bad one to a stand: `limited.py … tokenizer_trial.py < tokenizer.json`.

Texts that nearly match make a backtracking regular expression try all ways to cut them: long runs of one character with
another one behind. Each run is short enough that the library's own limit for one match is not reached, and there are
many of them, as in a text that somebody wrote for it.
"""

import json
import re
import sys
from collections.abc import Iterator

NO_TOKENIZER, FAILS = 3, 4  # exit codes
_ALWAYS = "a A0 \n.'-_中é"
_RUNS = (2, 8, 16, 20, 22, 24, 40, 300)
_MOST = 40  # characters of the expressions that are tried


def main() -> int:
    """Return 0 when the tokenizer copes with all of it; on standard error is said why it does not."""
    from tokenizers import Tokenizer

    text = sys.stdin.buffer.read().decode("utf-8")
    try:
        tokenizer = Tokenizer.from_str(text)
    except BaseException as error:  # noqa: BLE001 - the library panics with what is no Exception
        return _said(NO_TOKENIZER, error)
    try:
        for probe in _probes(text):
            tokenizer.decode(tokenizer.encode(probe).ids)
    except BaseException as error:  # noqa: BLE001
        return _said(FAILS, error)
    return 0


def _said(code: int, error: BaseException) -> int:
    print(f"\n{str(error)[:200]}", file=sys.stderr)  # noqa: T201 - to the parent
    return code


def _probes(text: str) -> Iterator[str]:
    """Yield ordinary texts, then runs of each character that the expressions name."""
    yield "The cat sat on the mat.\n\n2024-01-01: 今天天气很好! naïve 🙂 "
    named = "".join(re.findall(r"\w", "".join(_patterns(json.loads(text)))))
    characters = list(dict.fromkeys(_ALWAYS + named))[:_MOST]
    for times in (100 if named else 4, 1):  # first what takes long, then what reaches the library's limit
        for character in characters:
            for length in _RUNS:
                yield (character * length + "!") * times


def _patterns(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "Regex":
                yield str(value)
            elif key != "model":
                yield from _patterns(value)
    elif isinstance(part, list):
        for value in part:
            yield from _patterns(value)


if __name__ == "__main__":
    sys.exit(main())
