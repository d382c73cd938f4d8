"""The embedded server: whatever is killed, whenever, and wherever it stands, nothing that was saved is lost."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from backoffice import database
from backoffice.embedded import place
from backoffice.embedded.server import Server
from backoffice.embedded.trouble import DatabaseTrouble, explained
from tests.environment import ROOT


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An open folder with an awkward name; pytest's own are closed to the server's user when root runs the tests."""
    outside = Path(tempfile.mkdtemp())
    outside.chmod(0o755)
    (outside / "system").mkdir()
    monkeypatch.setattr(place, "SYSTEM_FOLDER", outside / "system")
    inside = outside / 'Café d\'été, 100 % "bon"'
    inside.mkdir()
    yield inside
    shutil.rmtree(outside)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder / "postgres")
    yield server
    server.remove()


def kept(server: Server) -> int:
    """How many rows the server holds of those that `save` saved."""
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT count(*) FROM saved").fetchone()[0]


def save(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS saved (id int)")
        connection.execute("INSERT INTO saved VALUES (1)")


def processes(server: Server) -> list[psutil.Process]:
    """All of the server's, by its data folder or its name in their titles."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            words = process.cmdline()
            if str(server.place.data) in words or server.place.mark in " ".join(words):
                found.append(process)
    return found


def start_elsewhere(server: Server, then: str = "") -> subprocess.Popen[str]:
    """Another process that starts the same server, and perhaps does something more."""
    program = f"import sys; from pathlib import Path; from backoffice.embedded.server import Server\n" \
        f"s = Server(Path(sys.argv[1])); {then or 's.start()'}"  # fmt: skip
    command = [sys.executable, "-c", program, str(server.folder)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# --- living and dying -----------------------------------------------------------------------------------------------------
def test_stopped_and_started_it_still_has_its_data(server: Server) -> None:
    server.start()
    save(server)
    server.stop()
    assert not server.is_alive()
    assert not processes(server)
    server.start()
    assert kept(server) == 1


def test_starting_twice_and_stopping_twice_does_no_harm(server: Server) -> None:
    server.start()
    first = server.postmaster()
    server.start()
    assert server.postmaster() == first
    server.stop()
    server.stop()


def test_after_kill_9_of_the_server_at_work_a_new_one_has_all_that_was_saved(server: Server) -> None:
    server.start()
    save(server)
    with psycopg.connect(server.url()) as busy:
        # A child in the middle of a statement does not notice that its parent is gone, and holds the memory.
        busy.execute("SET statement_timeout = 0")
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
        busy.pgconn.flush()
        server.postmaster().send_signal(signal.SIGKILL)
        server.start()
        assert kept(server) == 1
        busy.close()
    assert len([p for p in processes(server) if p.ppid() == server.postmaster().pid]) > 3
    assert all(p == server.postmaster() or p.ppid() == server.postmaster().pid for p in processes(server))


def test_a_start_that_was_killed_before_the_end_is_finished_by_the_next(server: Server) -> None:
    server.start()
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE backoffice")
        connection.execute("DROP ROLE backoffice")
    server.start()
    assert server.answers()


def test_after_kill_9_of_a_child_it_goes_on_by_itself(server: Server) -> None:
    server.start()
    save(server)
    with psycopg.connect(server.url()) as victim:
        psutil.Process(victim.info.backend_pid).kill()

    def is_back() -> bool:
        # Between the kill and the server's own notice of it, and while it recovers, it may or may not answer.
        try:
            return kept(server) == 1
        except psycopg.OperationalError:
            return False

    until(is_back)


def test_five_starts_at_once_give_one_server(server: Server) -> None:
    starts = [start_elsewhere(server) for _ in range(5)]
    assert [(start.communicate(timeout=60)[1], start.returncode) for start in starts] == [("", 0)] * 5
    assert [p for p in processes(server) if str(server.place.data) in p.cmdline()] == [server.postmaster()]


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(server: Server) -> None:
    start = start_elsewhere(server)
    until((server.place.real / "data.new" / "base").exists)
    start.kill()
    start.communicate()
    server.start()
    save(server)
    assert kept(server) == 1


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(server: Server) -> None:
    # After a reboot, or in a new container, the old number often belongs to somebody else.
    server.start()
    save(server)
    note = server.place.data / "postmaster.pid"
    words = note.read_text().splitlines()
    server.postmaster().kill()
    note.write_text("\n".join([str(os.getpid()), *words[1:]]))
    server.start()
    assert kept(server) == 1


def test_the_last_one_out_stops_it_even_if_others_were_killed(server: Server) -> None:
    other = start_elsewhere(server, then="s.join(); print('in', flush=True); sys.stdin.read()")
    assert other.stdout.readline() == "in\n"
    server.join()
    server.leave()
    assert server.answers(), "the other one still uses it"
    server.join()
    other.kill()
    other.communicate()
    server.leave()
    assert not server.is_alive()


def test_a_server_that_was_asked_to_stay_stays(server: Server) -> None:
    server.start()
    server.keep()
    with server.in_use():
        pass
    assert server.answers()


# --- where it stands --------------------------------------------------------------------------------------------------------
def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    server = Server(folder / ("long " * 20) / "postgres")
    told = database.django_settings("", server.folder.parent)["HOST"]
    with server.in_use():
        assert len(str(server.place.socket)) < 100
        assert server.place.socket.stat().st_mode & 0o077 == 0
        assert told == str(server.place.socket), "settings were right before the first start"
    server.remove()
    assert not Path(told).exists()


def test_a_socket_folder_made_by_somebody_else_is_not_used(folder: Path) -> None:
    server = Server(folder / ("long " * 20) / "postgres")
    theirs = server.place.socket
    theirs.mkdir()
    theirs.chmod(0o777)
    with server.in_use():
        assert server.place.socket != theirs
        assert database.django_settings("", server.folder.parent)["HOST"] == str(server.place.socket)
        assert not list(theirs.iterdir())
    server.remove()
    theirs.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as somebody else")
class TestAsRoot:
    def test_it_runs_as_somebody_without_rights(self, server: Server) -> None:
        server.start()
        assert server.postmaster().uids().effective != 0
        assert server.place.data.stat().st_mode & 0o077 == 0

    def test_below_a_closed_folder_the_data_stand_where_its_user_can_reach_them(self, folder: Path) -> None:
        folder.chmod(0o700)
        server = Server(folder / "postgres")
        server.start()
        save(server)
        server.stop()
        assert server.folder.is_symlink()
        assert server.place.real.is_relative_to(place.SYSTEM_FOLDER)
        moved = folder.with_name("moved")
        folder.rename(moved)
        folder.mkdir()
        again = Server(moved / "postgres")
        again.start()
        assert kept(again) == 1, "the link went along"
        again.remove()
        assert not again.place.real.exists()

    def test_closed_programs_are_copied_once(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        server = Server(folder / "postgres")
        with server._starting() as account:
            monkeypatch.setattr(type(account), "can_read", lambda self, path: False)
            server.start_programs = place.programs(account)
            assert server.start_programs.is_relative_to(place.SYSTEM_FOLDER)
            said = subprocess.run(
                [server.start_programs / "initdb", "--version"], capture_output=True, text=True, **account.popen()
            )
        assert place.major_version() in said.stdout
        server.remove()

    def test_data_of_a_person_stay_theirs(self, folder: Path) -> None:
        anna = pwd.getpwnam("nobody")
        os.chown(folder, anna.pw_uid, anna.pw_gid)
        server = Server(folder / "postgres")
        with server._starting() as account:
            assert account.uid == anna.pw_uid
            assert server.place.real.stat().st_uid == anna.pw_uid
        server.remove()


def test_a_copied_link_is_refused(folder: Path, server: Server) -> None:
    server.start()
    (folder / "copy").mkdir()
    real = server.place.real
    (folder / "copy" / "postgres").symlink_to(real)
    with pytest.raises(DatabaseTrouble, match=r"is a copy of .* both lead to the same database"):
        Server(folder / "copy" / "postgres").start()


# --- what it says when it cannot ---------------------------------------------------------------------------------------------
def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(DatabaseTrouble, match="a file stands in its way"):
        Server(folder / "file" / "postgres").start()


def test_a_folder_that_the_server_may_not_write(folder: Path) -> None:
    closed = folder / "postgres"
    closed.mkdir(mode=0o555)
    with pytest.raises(DatabaseTrouble, match=r"is not writable .* set VAR_DIR to another folder"):
        Server(closed).start()
    assert not Server(closed).is_alive()


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0755", "small", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here; the wording is tested without one")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(65536)):
            pass


def test_a_full_disk_is_said_and_nothing_is_lost(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    server = Server(small_disk / "postgres")
    ballast.write_bytes(bytes(50_000_000))
    with pytest.raises(DatabaseTrouble, match="The disk is full"):
        server.start()
    ballast.unlink()
    server.start()
    save(server)
    fill(ballast)
    with pytest.raises(psycopg.Error, match="No space left"), psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
    server.postmaster().kill()
    with pytest.raises(DatabaseTrouble, match="The disk is full"):
        server.start()
    ballast.unlink()
    server.start()
    assert kept(server) == 1
    server.remove()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("initdb: error: could not create directory: No space left on device", "The disk is full"),
        ("FATAL: could not write: Disk quota exceeded", "The disk is full"),
        ("initdb: could not access: Permission denied", "not writable"),
        ("could not create file: Read-only file system", "read-only"),
        ("could not resize shared memory segment: No space left on device", "too little shared memory"),
        ("postgres: error while loading shared libraries: libz.so.1", "does not run on this system"),
        ("something unheard of", "failed while starting: something unheard of. The whole log is"),
    ],
)
def test_causes_are_sentences(said: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in str(explained("starting", said, tmp_path, tmp_path / "log"))


def test_data_of_another_major_version(server: Server) -> None:
    server.start()
    server.stop()
    (server.place.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseTrouble, match="another major version of PostgreSQL"):
        server.start()


# --- what it is ---------------------------------------------------------------------------------------------------------------
def test_the_server_is_as_the_design_wants_it(server: Server) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT current_setting('server_encoding'), current_setting('TimeZone'), current_setting('data_checksums'),"
            " current_setting('listen_addresses'), lower('ÉTÉ'), usesuper FROM pg_user WHERE usename = current_user"
        ).fetchone()
        assert row == ("UTF8", "UTC", "on", "", "été", False)
        for extension in ("pg_trgm", "unaccent"):
            connection.execute(f"CREATE EXTENSION {extension}")


def test_the_shop_server_waits_for_the_disk(folder: Path) -> None:
    server = Server(folder / "postgres")
    with server.in_use(), psycopg.connect(server.url()) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
    server.remove()
    assert shown == ["on", "on"]


def until(condition: object, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
