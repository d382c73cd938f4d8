"""Which operating-system user the embedded server runs as: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backoffice.embedded.trouble import DatabaseTrouble

NAME = "backoffice-db"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    # Only root can become somebody else; everybody else starts the server as themselves.
    switch: bool

    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess that make the child this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def give(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, folder: Path) -> bool:
        """May this user pass through `folder` and all folders above it? Access lists are not asked: rather no than wrong."""
        return not self.switch or all(self._may(step, 1) for step in (folder, *folder.parents))

    def can_read(self, path: Path) -> bool:
        return not self.switch or (self._may(path, 4) and self.can_enter(path.parent))

    def _may(self, path: Path, bit: int) -> bool:
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return bool(stat.S_IMODE(found.st_mode) >> shift & bit)


def for_folder(folder: Path) -> Account:
    """The user who owns the data or, where root owns it, one made for the purpose."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    # `sudo make run` in a person's own checkout leaves the data with that person; a number without a name is nobody's
    # (a folder from another machine), except where it owns the data already.
    owner = next(path for path in (folder, *folder.parents) if path.exists()).stat()
    if owner.st_uid != 0 and (folder.exists() or _has_name(owner.st_uid)):
        return Account(owner.st_uid, owner.st_gid, switch=True)
    made = _made()
    return Account(made.pw_uid, made.pw_gid, switch=True)


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return False


def _made() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    said = "there is no program useradd"
    if program:
        asked = [program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603  # the system's own
        said = answer.stderr.strip()
    try:
        return pwd.getpwnam(NAME)  # also when another start made it in the same instant
    except KeyError:
        raise DatabaseTrouble(
            f"PostgreSQL does not run as root, and no user named {NAME} could be made for it ({said}). "
            f"Make that user, start the project as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
