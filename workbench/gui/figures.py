"""How figures are written: three significant digits, thin grouping, units, in the chosen language."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.core.words import tr

MINUTE = 60
HOUR = 3600
_NOT_KNOWN = "–"


def number(value: float, digits: int = 3) -> str:
    """Return `value` with `digits` significant digits: 0.214, 12,480, 1.2e-5."""
    if not math.isfinite(value):
        return _not_finite(value)
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e12:
        return _scientific(f"{value:.{digits - 1}e}")
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{places}f}"
    if places and digits - 1 - math.floor(math.log10(abs(float(text.replace(",", ""))))) < places:
        text = f"{value:,.{places - 1}f}"  # 9.999 became 10.00
    return text


def exact(value: float) -> str:
    """Return `value` with all the digits that a float32 has."""
    return f"{value:,.7g}" if math.isfinite(value) else _not_finite(value)


def setting(value: float | int) -> str:
    """Return a number as a person would type it, so that reading it gives the same number: 8, 0.001, 1e-5."""
    if isinstance(value, int):
        return str(int(value))
    if not math.isfinite(value):
        return repr(value)
    if 1e-4 <= abs(value) < 1e12 or value == 0:
        text = repr(value)
        if "e" not in text:
            return text.removesuffix(".0")
    return _scientific(repr(value))


def percent(fraction: float, places: int = 1) -> str:
    """Return a share of one as percent: 0.938 is "93.8 %"."""
    if not math.isfinite(fraction):
        return _not_finite(fraction)
    return tr("{number} %", number=f"{100 * fraction:.{places}f}")


def count(value: float) -> str:
    """Return a whole number with grouping: 12,480."""
    return f"{round(value):,}"


def duration(seconds: float) -> str:
    """Return a time span in the unit that fits: "3.1 ms", "6.2 s", "41 s", "2 min 5 s", "3 h 12 min"."""
    if not math.isfinite(seconds) or seconds < 0:
        return _NOT_KNOWN
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return tr("{number} ms", number=f"{milliseconds:.1f}" if milliseconds < 9.95 else f"{milliseconds:.0f}")
    if seconds < 9.95:
        return tr("{number} s", number=f"{seconds:.1f}")
    whole = round(seconds)
    if whole < MINUTE:
        return tr("{number} s", number=whole)
    if whole < HOUR:
        minutes, rest = divmod(whole, MINUTE)
        return (
            tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
            if rest
            else tr("{number} min", number=minutes)
        )
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    if hours < 48:
        return (
            tr("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else tr("{number} h", number=hours)
        )
    return tr("{days} days {hours} h", days=hours // 24, hours=hours % 24)


def left(seconds: float) -> str:
    """Return a remaining time: "41 s left"; whole seconds, because they count down."""
    if not math.isfinite(seconds) or seconds < 0:
        return _NOT_KNOWN
    whole = max(1, round(seconds))
    shown = tr("{number} s", number=whole) if whole < MINUTE else duration(whole)
    return tr("{duration} left", duration=shown)


def size(number_of_bytes: float) -> str:
    """Return an amount of memory or disk in decimal units: "1.2 GB"."""
    if not math.isfinite(number_of_bytes) or number_of_bytes < 0:
        return _NOT_KNOWN
    value, units = float(number_of_bytes), ("B", "kB", "MB", "GB", "TB", "PB")
    unit = 0
    while value >= 999.5 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    shown = f"{value:.1f}" if unit and value < 9.95 else f"{value:.0f}"
    return f"{shown} {units[unit]}"


def rate(samples_per_second: float) -> str:
    """Return a speed: "12,480 samples/s"."""
    if not math.isfinite(samples_per_second):
        return _NOT_KNOWN
    shown = count(round(samples_per_second)) if samples_per_second >= 100 else number(samples_per_second)
    return tr("{number} samples/s", number=shown)


def shape(sides: Iterable[int]) -> str:
    """Return the shape of a tensor: "32×28×28"."""
    return "×".join(str(side) for side in sides)


def _scientific(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}" if exponent else text


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"


def score(name: str, value: float, metrics: Mapping[str, Any]) -> str:
    """Return the value of a validation metric in words; metrics: of the engine's settings.catalogue, or empty."""
    known = metrics.get(name.partition("_")[2])
    share = bool(known.get("percent", False)) if known else name.endswith("accuracy")
    return percent(value) if share else number(value)
