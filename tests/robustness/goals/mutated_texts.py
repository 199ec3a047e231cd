"""Texts and tables of texts with damage anywhere: read or refused, and nothing else."""

import io
import json
from pathlib import Path

import polars

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from tests.robustness.goals.mutated_tables import ENDS
from workbench.core.errors import UserError
from workbench.data.encodings import decoded
from workbench.data.table_reading import parsed
from workbench.data.text_reading import read_texts

_ROWS = [
    ("a fine film", "good"),
    ('so "so", dull', "bad"),
    ("一部好电影", "good"),
    ("très mauvais\nvraiment", "bad"),
] * 3


def _seeds(place: Path) -> dict[str, bytes]:
    frame = polars.DataFrame(_ROWS, schema=["text", "label"], orient="row")
    table, tabs, parquet = frame.write_csv(), frame.write_csv(separator="\t"), io.BytesIO()
    frame.write_parquet(parquet)
    lines = "\n".join(json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in _ROWS)
    plain = "\n".join(text for text, _ in _ROWS)
    return {
        "utf8.csv": table.encode(), "mark.csv": table.encode("utf-8-sig"), "wide.csv": table.encode("utf-16"),
        "chinese.csv": "文本,标签\n很好,好\n很差,差\n不错的电影,好\n".encode("gb18030"), "tabs.tsv": tabs.encode(),
        "lines.jsonl": lines.encode(), "list.json": f"[{lines.replace(chr(10), ',')}]".encode(),
        "table.parquet": parquet.getvalue(), "plain.txt": plain.encode(), "old.txt": "déjà vu\nça va".encode("cp1252"),
        "notes.md": f"# Title\n\n{plain}\n".encode(),
    }  # fmt: skip


def _read(name: str, content: bytes, place: Path) -> None:
    if not name.endswith((".txt", ".md")):
        parsed(name, content)
        return
    decoded(name, content, "auto")
    path = place / name
    path.write_bytes(content)
    read_texts(path)


FUZZ = Fuzz(_seeds, _read, (UserError,), may_end=ENDS)
GOAL = fuzzing_goal("Damaged texts are read or refused", "mutated_texts", 200, 200_000)
