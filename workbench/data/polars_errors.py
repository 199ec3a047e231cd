"""What polars raises of a file that it cannot read: its errors, and panics of its own code where a file is damaged."""

import polars

UNREADABLE = (polars.exceptions.PolarsError, polars.exceptions.PanicException)
