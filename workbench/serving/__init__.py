"""A model as a service: one process that answers over HTTP, on this machine alone unless told otherwise."""
