"""Reading one text that is not to be trusted."""

from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.data.table_reading import clean

_MOST_BYTES = 10_000_000


def text_of(source: Path | bytes) -> str:
    """Return the text of a file, or of its content: UTF-8, UTF-16 or whatever encoding it looks like.

    Raises UserError when it cannot be read, is empty or is no text.
    """
    if isinstance(source, bytes):
        content, name = source, ""
    else:
        content, name = _content(source), shown(source.name)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    elif b"\0" in content:
        raise UserError("{name} is not a text.", hint="Give a text file in UTF-8.", name=name)
    else:
        text = _decoded(content)
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


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        import charset_normalizer  # slow to import, and rarely needed

        guess = charset_normalizer.from_bytes(content[:200_000]).best()
        return content.decode(guess.encoding if guess else "cp1252", "replace")
