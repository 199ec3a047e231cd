"""What a person types into a form: read with a message that says what is wrong, and written so that it reads back."""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.errors import UserError
from workbench.core.words import listed
from workbench.gui.figures import setting

_SHOWN = 24  # characters of a wrong text that a message repeats


@dataclass(frozen=True)
class Limits:
    """The range of a number: low <= value <= high, above < value < below."""

    whole: bool = False
    low: float | None = None
    above: float | None = None
    high: float | None = None
    below: float | None = None

    def inside(self, value: float) -> float:
        """Return `value`, or the nearest value that is allowed when it lies outside."""
        if self.low is not None and value < self.low:
            return self.low
        if self.high is not None and value > self.high:
            return self.high
        return value

    def allows(self, value: float) -> bool:
        """Return whether `value` lies inside."""
        return (
            (self.low is None or value >= self.low)
            and (self.above is None or value > self.above)
            and (self.high is None or value <= self.high)
            and (self.below is None or value < self.below)
        )


def read_word(text: str, words: Mapping[str, str]) -> str | None:
    """Return the word that `text` is, as recipes write it or as it is called here, or None. words: word to name."""
    plain = text.strip().casefold()
    return next((word for word, name in words.items() if plain in (word.casefold(), name.casefold())), None)


def read_number(text: str, limits: Limits, words: Sequence[str] = ()) -> int | float:
    """Return the number in `text`; raises UserError with what is wrong. words: what could stand here instead."""
    plain = text.strip()
    also = listed(words)
    if not plain:
        raise UserError("A number is missing here.") if not words else UserError("A number, or {words}.", words=also)
    value = _number(plain)
    if value is None or not math.isfinite(value):
        shown = plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"
        if words:
            raise UserError("{text} is neither a number nor one of {words}.", text=shown, words=also)
        raise UserError("{text} is not a number.", text=shown)
    if limits.whole:
        if value != int(value):
            raise UserError("Only whole numbers go here.")
        value = int(value)
    _check_range(value, limits)
    return value


def read_list(text: str, of: str, limits: Limits, fewest: int = 0, most: int | None = None) -> list[Any]:
    """Return the values in `text`, separated by commas; raises UserError with what is wrong."""
    if of == "number":
        parts = [part for part in re.split(r"[,，、;；\s]+", text.strip().strip("[]()")) if part]
        values: list[Any] = [read_number(part, limits) for part in parts]
    else:
        values = _texts(" ".join(text.split()).replace("，", ","))
    if len(values) < fewest and fewest == most:
        raise UserError("Exactly {count} values, separated by commas.", count=fewest)
    if len(values) < fewest:
        raise UserError("At least {count} values, separated by commas.", count=fewest)
    if most is not None and len(values) > most:
        raise UserError("At most {count} values, separated by commas.", count=most)
    return values


def read_text(text: str, fewest: int = 0, most: int | None = None) -> str:
    """Return `text` when its length is allowed; raises UserError with what is wrong."""
    if fewest and len(text.strip()) < fewest:
        raise (
            UserError("This must not be empty.")
            if fewest == 1
            else UserError("At least {count} letters.", count=fewest)
        )
    if most is not None and len(text) > most:
        raise UserError("At most {count} letters.", count=most)
    return text


def written(value: Any) -> str:
    """Return a value as a person would type it: 0.001, 1e-5, auto, "32, 64"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return setting(value)
    if isinstance(value, list | tuple):
        if not any(isinstance(part, str) for part in value):
            return ", ".join(written(part) for part in value)
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([written(part) for part in value])
        return line.getvalue() if any("," in str(part) or '"' in str(part) for part in value) else ", ".join(value)
    return str(value)


def stepped(value: float, steps: int, limits: Limits, log: bool) -> float:
    """Return `value` after `steps` up or down: by ones, or through 1, 2, 5, 10 when `log`."""
    for _ in range(abs(steps)):
        following = _log_step(value, steps > 0, limits.whole) if log else _plain_step(value, steps > 0, limits)
        following = limits.inside(following)
        if not limits.allows(following):
            break
        value = int(following) if limits.whole else float(f"{following:.12g}")
    return value


def _log_step(value: float, up: bool, whole: bool) -> float:
    if whole:
        return max(1, value * 2) if up else value // 2
    if value <= 0:
        return 1e-5 if up else value
    exponent = math.floor(math.log10(value) + 1e-9)
    ladder = [factor * 10.0**power for power in (exponent - 1, exponent, exponent + 1) for factor in (1, 2, 5)]
    if up:
        return next(rung for rung in ladder if rung > value * 1.001)
    lower = next(rung for rung in reversed(ladder) if rung < value * 0.999)
    return 0.0 if lower < 1e-12 else lower


def _plain_step(value: float, up: bool, limits: Limits) -> float:
    if limits.whole:
        step = 1.0
    else:
        top = limits.high if limits.high is not None else limits.below
        step = 0.05 if top is not None and top <= 1 else 0.1 if abs(value) < 10 else 1.0
    return value + step if up else value - step


def _check_range(value: float, limits: Limits) -> None:
    if limits.low is not None and value < limits.low:
        raise UserError("At least {limit}.", limit=setting(limits.low))
    if limits.above is not None and value <= limits.above:
        raise UserError("More than {limit}.", limit=setting(limits.above))
    if limits.high is not None and value > limits.high:
        raise UserError("At most {limit}.", limit=setting(limits.high))
    if limits.below is not None and value >= limits.below:
        raise UserError("Less than {limit}.", limit=setting(limits.below))


def _texts(text: str) -> list[str]:
    try:
        parts = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error as error:
        raise UserError("These values cannot be told apart.", details=str(error)) from error
    return [part.strip() for part in parts if part.strip()]


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
