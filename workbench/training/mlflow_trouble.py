"""Why MLflow does not take what it is sent, in words: its library's own texts are for who wrote it."""

import re
from collections.abc import Iterator

from workbench.core.words import Words

_INTERNAL = 500  # the status that its library gives to whatever it has no other for


def reason_of(error: BaseException) -> Words:
    """Return the kind of reason that lies behind an error of mlflow."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import ConnectionError, RequestException, Timeout

    for cause in _chain(error):
        if isinstance(cause, Timeout):
            return Words("it does not answer in time")
        if isinstance(cause, ConnectionError):
            return Words("it cannot be reached")
        if isinstance(cause, OSError) and not isinstance(cause, RequestException):
            return Words("{system}", {"system": cause.strerror or str(cause)})
    if not isinstance(error, MlflowException):
        return Words("{kind} in its library", {"kind": type(error).__name__})
    said = re.search(r"failed with error code (\d{3})", str(error))
    status = int(said[1]) if said else error.get_http_status_code()
    if status == _INTERNAL and not said:
        return Words("it does not answer as MLflow does")
    return Words("it refuses with status {status}", {"status": str(status)})


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
