"""What models say, as lines and tables for the terminal: predictions and evaluations of every task."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from workbench.commands.output import console, say, say_beside
from workbench.core.words import Words, plural, tr

_MANY_CLASSES = 40
_MISTAKES = 10
_CANDIDATES = 3  # of a masked token, in a table of many texts

Plain = Mapping[str, Any]


def has_failed(prediction: Plain) -> bool:
    """Return whether there is a reason instead of an answer; the error of a reconstruction is a number."""
    return isinstance(prediction["error"], Words)


def show_predictions(predictions: Sequence[Plain]) -> None:
    """Print one answer in full, or many as a table with a line each."""
    if len(predictions) == 1 and not has_failed(predictions[0]):
        for line in in_full(predictions[0]):
            say(line)
        for note in predictions[0]["notes"]:
            say_beside(tr(note))
        return
    table = _table(tr("Input"), tr("Answer"), tr("Score"))
    table.columns[2].justify = "right"
    for prediction in predictions:
        if has_failed(prediction):
            say_beside(f"{prediction['input']}: {tr(prediction['error'])}")
        else:
            score = prediction.get("score")
            table.add_row(prediction["input"], in_short(prediction), f"{score:.2%}" if score is not None else "")
    hints = (tr(prediction["hint"]) for prediction in predictions if has_failed(prediction))
    for hint in dict.fromkeys(filter(None, hints)):  # many fail for one reason
        say_beside(hint)
    if table.row_count:
        console().print(table)


def in_full(prediction: Plain) -> list[str]:
    """Return the lines that say all of an answer."""
    if "masks" in prediction:
        lines = []
        for place, candidates in enumerate(prediction["masks"], start=1):
            lines.append(tr("Mask {number}:", number=place))
            lines += [f"{guess['score']:>7.2%}  {guess['label']}" for guess in candidates]
        return lines or [in_short(prediction)]
    if "labels" in prediction:  # several of them, or none
        scores = [f"{guess['score']:>7.2%}  {guess['label']}" for guess in prediction["top"]]
        return [in_short(prediction), *scores]
    if "top" in prediction:
        return [f"{guess['score']:>7.2%}  {guess['label']}" for guess in prediction["top"]]
    values = prediction.get("values")
    if isinstance(values, Mapping):
        return [f"{name}: {_numbers(value)}" for name, value in values.items()]
    return [in_short(prediction)]


def in_short(prediction: Plain) -> str:
    """Return an answer in one line."""
    match prediction:
        case {"masks": list(masks)} if masks:
            best = ((guess["label"] for guess in candidates[:_CANDIDATES]) for candidates in masks)
            return " | ".join(", ".join(labels) for labels in best)
        case {"label": str(label)}:
            return label or tr("No label")
        case {"values": Mapping() as values} if values:
            return "; ".join(f"{name} {_numbers(value)}" for name, value in values.items())
        case {"values": list(values)}:
            return _numbers(values)
        case {"value": float() | int() as value}:
            return _numbers(value)
        case {"error": float() | int() as error}:
            return tr("Error {error}", error=_numbers(error))
        case {"text": str(text)}:
            return text
    return ""


def _numbers(value: Any) -> str:
    return ", ".join(map(_numbers, value)) if isinstance(value, list | tuple) else f"{value:.6g}"


def show_evaluation(found: Plain) -> None:
    """Print what the evaluation of a split says besides its metrics."""
    for name, show in _PARTS.items():
        if found.get(name):
            show(found[name])


def _show_classes(rows: Sequence[Plain]) -> None:
    if len(rows) > _MANY_CLASSES:
        return
    table = _table(tr("Class"), tr("Samples"), tr("Precision"), tr("Recall"), tr("F1"))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        shares = (f"{row[name]:.1%}" for name in ("precision", "recall", "f1"))
        table.add_row(row["label"], str(row["count"]), *shares)
    say()
    console().print(table)


def _show_mistakes(mistakes: Sequence[Plain]) -> None:
    say()
    say(plural(min(len(mistakes), _MISTAKES), "The surest mistake:", "The {count} surest mistakes:"))
    for mistake in mistakes[:_MISTAKES]:
        line = tr(
            "{name} is {label}, taken for {predicted} ({score})",
            name=mistake["name"],
            label=mistake["label"],
            predicted=mistake["predicted"],
            score=f"{mistake['score']:.1%}",
        )
        say(f"  {line}")


def _show_worst(rows: Sequence[Plain]) -> None:
    say()
    say(plural(min(len(rows), _MISTAKES), "The largest error:", "The {count} largest errors:"))
    for row in rows[:_MISTAKES]:
        name = row.get("name") or tr("row {number}", number=int(row.get("row", 0)) + 1)
        if "truth" in row:
            truth, prediction = _numbers(row["truth"]), _numbers(row["prediction"])
            line = tr("{name}: {truth}, predicted {prediction}", name=name, truth=truth, prediction=prediction)
        else:
            line = f"{name}: {_numbers(row['error'])}"
        say(f"  {line}")


def _show_horizon(columns: Sequence[Plain]) -> None:
    for column in columns:
        table = _table(
            tr("Steps ahead"), tr("Mean absolute error"), tr("Root mean squared error"), tr("Of the last value")
        )
        for place in table.columns:
            place.justify = "right"
        for row in column["steps"][: _MISTAKES * 5]:
            table.add_row(str(row["step"]), *(_numbers(row[name]) for name in ("mae", "rmse", "naive")))
        say()
        say(column["name"])
        console().print(table)


_PARTS: dict[str, Callable[[Any], None]] = {  # by the names that `Task.details` gives
    "per_class": _show_classes,
    "per_label": _show_classes,
    "mistakes": _show_mistakes,
    "worst": _show_worst,
    "horizon": _show_horizon,
}


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table
