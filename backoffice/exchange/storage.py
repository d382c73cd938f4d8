"""Where an uploaded table lies between its preview and the word that brings it in."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from import_export.tmp_storages import BaseStorage

FOLDER = "imports"
KEPT = timedelta(days=1)


class ImportStorage(BaseStorage):
    """Names that cannot be guessed, in the installation's own folder; what nobody confirmed is gone after a day."""

    def save(self, data: bytes) -> None:
        self._tidy()
        self.name = uuid4().hex
        default_storage.save(f"{FOLDER}/{self.name}", ContentFile(data))

    def read(self) -> Any:
        if not re.fullmatch(r"[0-9a-f]{32}", self.name or ""):
            raise FileNotFoundError(self.name)
        with default_storage.open(f"{FOLDER}/{self.name}", "rb") as file:
            return file.read()

    def remove(self) -> None:
        default_storage.delete(f"{FOLDER}/{self.name}")

    @staticmethod
    def _tidy() -> None:
        if not default_storage.exists(FOLDER):
            return
        for name in default_storage.listdir(FOLDER)[1]:
            try:
                if timezone.now() - default_storage.get_modified_time(f"{FOLDER}/{name}") > KEPT:
                    default_storage.delete(f"{FOLDER}/{name}")
            except FileNotFoundError:
                continue  # another process was first
