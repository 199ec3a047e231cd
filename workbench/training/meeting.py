"""How the processes that `torchrun` starts together find each other, and nobody who was there before them."""

import secrets
import time
from datetime import timedelta
from typing import Any

import torch

dist: Any = torch.distributed  # which does not declare its stores
Store = Any
_LOOK_SECONDS = 0.02  # between two looks at what the others have said
_PATIENCE = 600.0  # seconds until all have loaded what they need


def store_of_this_start(rank: int, size: int) -> Store:
    """Return a store that these processes alone use.

    torchrun gives the processes of a restart the store of those before them, where old addresses lie: who reads one
    waits for a process that is gone (torch 2.13). So the first one draws a name for this start, and tells it to whoever
    asks with a word that was never used before. Raises DistStoreError when someone does not come.
    """
    store = next(dist.rendezvous("env://"))[0]
    if rank == 0:
        name = secrets.token_hex(8)
        _welcome(store, name, size)
    else:
        word = secrets.token_hex(8)
        store.set(f"asks/{rank}", word)
        _wait_for(store, f"told/{word}")
        name = store.get(f"told/{word}").decode()
        store.set(f"came/{name}/{rank}", "")
    return dist.PrefixStore(name, store)


def _welcome(store: Store, name: str, size: int) -> None:
    """Tell the name to all others until each has said that it knows it: some words may be those of an earlier start."""
    missing = set(range(1, size))
    until = time.monotonic() + _PATIENCE
    while missing:
        for rank in sorted(missing):
            if store.check([f"asks/{rank}"]):
                store.set(f"told/{store.get(f'asks/{rank}').decode()}", name)
            if store.check([f"came/{name}/{rank}"]):
                missing.discard(rank)
        _rest(until)


def _wait_for(store: Store, key: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not store.check([key]):
        _rest(until)


def _rest(until: float) -> None:
    if time.monotonic() > until:
        raise dist.DistStoreError(f"not all processes came within {timedelta(seconds=_PATIENCE)}")
    time.sleep(_LOOK_SECONDS)
