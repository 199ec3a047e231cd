"""Where a table lies and how it is read: CSV, TSV or Parquet, a file or a folder of parts, some rows at a time."""

import codecs
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote

import polars

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import mark
from workbench.data.masked_tables import for_columns, masked_frame
from workbench.data.masker import Masker
from workbench.data.polars_errors import UNREADABLE
from workbench.data.table_reading import SEPARATORS
from workbench.data.table_sniffing import Layout, sniffed

PARQUET = (".parquet", ".pq", ".parq")
SEPARATED = tuple(SEPARATORS)
BATCH = 50_000  # rows handed on at a time
_NUMBERS, _TEXTS = 1 << 22, 1 << 20  # cells read at a time, of Parquet and of CSV
_FEWEST = 1_000  # rows read at a time, however many columns there are
_PIECE = 1 << 22  # bytes of a file looked at or converted at a time
_LONGEST_LINE = 1 << 20  # bytes; no row of numbers is as long as that
_MOST_COLUMNS = 50_000
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_HIDDEN = ("_", ".")  # what Spark writes beside its parts

Report = Callable[[int, int], None]  # (bytes done, bytes in all)


@dataclass(frozen=True)
class Source:
    """A table that has not been read yet.

    files: its parts in order, each with the values that its folders give (name=value, as Hive and Spark write them).
    columns: all names, those of the folders last. layout: how its lines are put together; None for Parquet. masker:
    what takes personal data out of everything that is read. contents: of the files that were converted in memory.
    """

    name: str
    files: tuple[tuple[Path, tuple[tuple[str, str], ...]], ...]
    columns: tuple[str, ...]
    layout: Layout | None
    masker: Masker | None = None
    contents: Mapping[Path, bytes] = field(default_factory=dict)

    def paths(self) -> list[Path]:
        """Return the files."""
        return [path for path, _ in self.files]

    def batches(self) -> Iterator[tuple[int, polars.DataFrame]]:
        """Yield (number of the file, some of its rows) through the whole table, in order; what is missing is null."""
        for number, (path, partition) in enumerate(self.files):
            try:
                for frame in self._pieces(path):
                    yield number, self._complete(frame, partition)
            except UNREADABLE as error:
                raise self._unreadable(path, error) from error

    def head(self, count: int) -> polars.DataFrame:
        """Return up to so many of the first rows, quickly."""
        path, partition = self.files[0]
        try:
            if self.layout is None:
                return self._complete(self._scan(path).head(count).collect(), partition)
            return self._complete(_read(self.layout, self.layout.head.encode()), partition).head(count)
        except UNREADABLE as error:
            raise self._unreadable(path, error) from error

    def _unreadable(self, path: Path, error: Exception) -> UserError:
        """Return the error for a file; what polars says of it may quote the file, and stays unsaid behind a masker."""
        return _unreadable(path, error if self.masker is None else Exception(type(error).__name__))

    def _pieces(self, path: Path) -> Iterator[polars.DataFrame]:
        """Yield the rows of a file some at a time.

        Parquet is read slice by slice, because a stream of it holds several row groups at once, whatever their size.
        """
        scan = self._scan(path)
        if self.layout is not None:
            chunk = min(BATCH, max(_FEWEST, _TEXTS // len(self.columns)))
            yield from scan.collect_batches(chunk_size=chunk, maintain_order=True)
            return
        step, begin = max(_FEWEST, _NUMBERS // len(self.columns)), 0
        while len(frame := scan.slice(begin, step).collect()):
            yield from frame.iter_slices(BATCH)
            begin += step

    def _scan(self, path: Path) -> polars.LazyFrame:
        if self.layout is None:
            return polars.scan_parquet(path, hive_partitioning=False, glob=False)
        return _scanned(self.layout, self.contents.get(path, path))

    def _complete(self, frame: polars.DataFrame, partition: Sequence[tuple[str, str]]) -> polars.DataFrame:
        """Return the frame with every column of the table, in their order."""
        if self.layout is not None:
            given = dict(zip(frame.columns, self.columns, strict=False))
            frame = frame.rename({old: new for old, new in given.items() if old != new})
        values = {name: None if value == _NO_VALUE else value for name, value in partition}
        absent = [name for name in self.columns if name not in frame.columns or name in values]
        frame = frame.with_columns([polars.lit(values.get(name), polars.String).alias(name) for name in absent])
        frame = frame.select(self.columns)
        return frame if self.masker is None else masked_frame(frame, self.masker)


def source_at(path: Path, header: str = "auto", encoding: str = "auto", masker: Masker | None = None) -> Source:
    """Return the table at `path`: a file, or a folder whose parts make one table. Raises UserError when it is none.

    masker: takes personal data out of all that is read of it, also of a first row that is taken for a header.
    """
    if path.is_file():
        files = [path] if path.suffix.lower() in (*PARQUET, *SEPARATED) else []
    else:
        files = parts(path)
    if not files:
        raise UserError(
            mark("There is no table in {path}.") if path.exists() else mark("{path} does not exist."),
            hint="Choose a CSV, TSV or Parquet file, or a folder of such parts.",
            path=shown(str(path)),
        )
    if any(not file.stat().st_size for file in files):
        files = [file for file in files if file.stat().st_size] or files
    if not files[0].stat().st_size:
        raise UserError("{name} is empty.", name=shown(files[0].name))
    found = tuple((file, _partition(file, path)) for file in files)
    parquet = files[0].suffix.lower() in PARQUET
    layout = None if parquet else sniffed(files[0], header, encoding)
    columns = _parquet_columns(files[0]) if layout is None else list(layout.columns)
    if masker is not None and layout is not None:
        columns = list(masker.names(columns))
    columns += [name for name, _ in found[0][1] if name not in columns]
    if len(columns) > _MOST_COLUMNS:
        raise UserError(
            "{name} has {count} columns, more than {most}.",
            name=shown(path.name),
            count=f"{len(columns):,}",
            most=f"{_MOST_COLUMNS:,}",
        )
    masker = for_columns(masker, columns, shown(path.name))
    return Source(path.name, found, tuple(columns), layout, masker)


def parts(folder: Path) -> list[Path]:
    """Return the files below `folder` that make up one table: Parquet if there is any, else CSV or TSV, in order."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(_HIDDEN))
        found += [Path(place, name) for name in sorted(files) if not name.startswith(_HIDDEN)]
    parquet = [file for file in found if file.suffix.lower() in PARQUET]
    return parquet or [file for file in found if file.suffix.lower() in (".csv", ".tsv")]


def readable(source: Source, folder: Path, report: Report) -> Source:
    """Return the source as polars can read it: in UTF-8 (converted into `folder` if need be), with no endless line.

    Every byte of CSV files is looked at. What is to be masked is converted in memory, since the copy is not masked yet.
    Raises UserError that names the line when one is too long.
    """
    if source.layout is None:
        return source
    total = sum(path.stat().st_size for path in source.paths())
    before = [0, *accumulate(path.stat().st_size for path in source.paths())]
    files = []
    contents: dict[Path, bytes] = {}
    for number, (path, partition) in enumerate(source.files):

        def tell(done: int, begun: int = before[number]) -> None:
            report(begun + done, total)

        encoding = source.layout.encoding
        if _looked_through(path, tell) and encoding in ("utf-8", "utf-8-sig"):
            files.append((path, partition))
            continue
        if encoding == "utf-8":
            encoding = "cp1252"
        if source.masker is not None:
            contents[path] = path.read_bytes().decode(encoding, "replace").encode("utf-8", "replace")
            files.append((path, partition))
            continue
        copy = folder / f"part-{number}{path.suffix}"
        _converted(path, copy, encoding)
        files.append((copy, partition))
    return replace(source, files=tuple(files), contents=contents)


def _looked_through(path: Path, report: Callable[[int], None]) -> bool:
    """Return whether a file is in UTF-8; raises UserError when a line is too long to be a row."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    in_utf8, line, length, done = True, 1, 0, 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            done += len(piece)
            report(done)
            first, last = piece.find(b"\n"), piece.rfind(b"\n")
            length += len(piece) if first < 0 else first
            inside = max(map(len, piece[first + 1 : last].split(b"\n")), default=0) if first < last else 0
            if max(length, inside) > _LONGEST_LINE:
                raise UserError(
                    "Line {line} of {name} is longer than {most} MB, which is no row of a table.",
                    hint="Look at that line: a line break or a quotation mark is probably missing.",
                    line=f"{line:,}",
                    name=shown(path.name),
                    most=_LONGEST_LINE >> 20,
                )
            line += piece.count(b"\n")
            length = len(piece) - last - 1 if last >= 0 else length
            if in_utf8:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    in_utf8 = False
    return in_utf8


def _converted(path: Path, copy: Path, encoding: str) -> None:
    with path.open(encoding=encoding, errors="replace", newline="") as old, copy.open("wb") as new:
        while text := old.read(_PIECE):
            new.write(text.encode("utf-8", "replace"))


def _scanned(layout: Layout, file: Path | bytes) -> polars.LazyFrame:
    return polars.scan_csv(
        file,
        has_header=False,
        separator=layout.separator,
        infer_schema=False,
        truncate_ragged_lines=True,
        glob=False,
    ).slice(1 if layout.named else 0)


def _read(layout: Layout, content: bytes) -> polars.DataFrame:
    frame = polars.read_csv(
        io.BytesIO(content),
        has_header=False,
        separator=layout.separator,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
    return frame[1:] if layout.named else frame


def _parquet_columns(path: Path) -> list[str]:
    try:
        return polars.scan_parquet(path, hive_partitioning=False, glob=False).collect_schema().names()
    except (*UNREADABLE, OSError) as error:
        raise _unreadable(path, error) from error


def _partition(file: Path, folder: Path) -> tuple[tuple[str, str], ...]:
    """Return what the folders between `folder` and `file` say: city=Oslo/part-0.parquet -> (("city", "Oslo"),)."""
    inner = file.relative_to(folder).parent.parts if file != folder else ()
    pairs = (part.partition("=") for part in inner)
    return tuple((unquote(name), unquote(value)) for name, equals, value in pairs if equals)


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(
        "{name} could not be read as a table.",
        hint="A text with a comma or a line break in it needs quotation marks around it; "
        "Parquet files end in .parquet.",
        details=str(error),
        name=shown(path.name),
    )
