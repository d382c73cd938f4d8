"""What import-linter cannot say: the pages, API and tables of an app are known to nobody below them."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("backoffice", "inventory", "orders", "shipping", "accounting")
TRANSLATORS = {"admin", "api", "resources", "import_export"}


def modules() -> dict[str, Path]:
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if "migrations" not in name:
                found[name] = path
    return found


def imported(path: Path, name: str) -> set[str]:
    """The modules named in a file's imports, also those inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def translates(name: str) -> bool:
    parts = name.split(".")
    return parts[0] in ROOMS and bool(TRANSLATORS & set(parts[1:]))


# What stands above the journey with them: pages, desks and commands.
ABOVE = ("backoffice.urls", "backoffice.views", "backoffice.floor", "backoffice.management", "backoffice.exchange",
         "backoffice.desk", "backoffice.unfold_settings", "backoffice.workboard", "backoffice.stock_pages",
         "backoffice.settings")  # fmt: skip


def test_nothing_below_knows_the_pages_and_the_api() -> None:
    found = modules()
    knowing = {
        f"{name} imports {other}"
        for name, path in found.items()
        if not translates(name) and not name.startswith(ABOVE)
        for other in imported(path, name)
        if other in found and translates(other)
    }
    assert knowing == set()


def test_the_look_finds_what_it_looks_for() -> None:
    assert any(translates(other) for other in imported(ROOT / "backoffice" / "urls.py", "backoffice.urls")) or any(
        "backoffice.api" in path.read_text() for path in [ROOT / "backoffice" / "urls.py"]
    )
    assert translates("orders.api")
    assert not translates("orders.intake")
