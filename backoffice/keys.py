"""Keys that a trial installation makes for itself on its first start and keeps in `var/`."""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet


class CannotKeep(Exception):
    """A key cannot be kept; the text says where, why and what to do."""


def kept(folder: Path, name: str) -> str:
    """The key of that name, made once; two first starts at the same instant agree on one.

    CannotKeep where the folder cannot be written.
    """
    path = folder / "keys" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{name}.{os.getpid()}")
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(Fernet.generate_key().decode())
            with suppress(FileExistsError):  # another process was first: then its key holds
                os.link(draft, path)
            draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise CannotKeep(
            f"The key {name} cannot be kept in {path.parent}: {error.strerror}. "
            "Make the folder writable, free some space, or set VAR_DIR to another folder."
        ) from error
