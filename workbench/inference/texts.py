"""Reading one text that is not to be trusted."""

from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.data.encodings import encoding_of
from workbench.data.table_reading import clean

_MOST_BYTES = 10_000_000
_LOOKED_AT = 10_000  # characters


def text_of(source: Path | bytes) -> str:
    """Return the text of a file, or of its content: UTF-8, UTF-16 or whatever encoding it looks like.

    Raises UserError when it cannot be read, is empty or is no text.
    """
    if isinstance(source, bytes):
        content, name = source, ""
    else:
        content, name = _content(source), shown(source.name)
    text = content.decode(encoding_of(content), "replace").removeprefix("\ufeff")
    if "\0" in text[:_LOOKED_AT]:
        raise UserError("{name} is not a text.", hint="Give a text file in UTF-8.", name=name)
    text = clean(text)
    if not text:
        raise UserError("The text is empty.", hint="Type a text, or give a file with one in it.")
    return text


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(
                "{name} is too large for one text.", hint="Split it into rows of a table.", name=shown(path.name)
            )
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            "{name} could not be read: {reason}.", name=shown(path.name), reason=error.strerror or str(error)
        ) from error
