"""Programs that a bare machine may lack: the tests that need one are skipped there, but never in CI."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """The program's path, or the end of this test."""
    found = shutil.which(program)
    if found is None:
        missing(program)
    return str(found)


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chromium", path="/usr/bin")


def missing(program: str) -> None:
    sentence = f"{program} is not installed: `apt-get install {program}`"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{sentence}. CI must not skip what a developer may skip.", pytrace=False)
    pytest.skip(sentence)
