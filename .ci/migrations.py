"""Migrations match the models, and each app's form one line: two heads would be a merge that nobody made."""

import os
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parent.parent


def faults() -> list[str]:
    ours = {app.label for app in apps.get_app_configs() if _is_ours(Path(app.path))}
    found = []
    children: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app not in ours:
            continue
        within = [parent for parent in migration.dependencies if parent[0] == app and parent[1] != "__first__"]
        if not within and not name.startswith("0001_"):
            found.append(f"{app}.{name} follows no other migration of its app, and is not the first.")
        for parent in within:
            children[parent].append(name)
            if int(parent[1][:4]) + 1 != int(name[:4]):
                found.append(f"{app}.{name} follows {parent[1]}: the numbers must go up by one.")
    for (app, parent), names in children.items():
        if len(names) > 1:
            found.append(f"{app}: {' and '.join(sorted(names))} both follow {parent}. Let one follow the other.")
    return found


def _is_ours(folder: Path) -> bool:
    return folder.is_relative_to(ROOT) and not folder.is_relative_to(ROOT / ".venv")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()
    if wrong := faults():
        sys.exit("\n".join(wrong))
    # No database is needed to compare models with files; Django only warns that it could not look at one.
    warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    call_command("makemigrations", check_changes=True, dry_run=True)
