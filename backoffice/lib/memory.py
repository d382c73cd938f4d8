"""Working on many objects without the collector counting them over and over."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let the cyclic collector rest during a batch: it takes a quarter of the time of one and finds next to nothing.

    Reference counts free as always. For worker processes; a batch is short, so nothing piles up.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
