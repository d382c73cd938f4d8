"""The tree of categories: the one place that puts a branch where it belongs, so that each path says where it hangs."""

import re
from collections.abc import Iterable

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import Category

BETWEEN = " › "
DEEPEST = 8
"""Levels of the tree. With names of 120 characters that is what a path can hold."""
_SEPARATORS = re.compile(r"\s*[›>]\s*")


def plain_path(text: str) -> str:
    """A path as typed or in a file, `Camping > Tents`, as it is kept; empty for none. ValueError with a sentence."""
    names = [" ".join(name.split()) for name in _SEPARATORS.split(text.strip())] if text.strip() else []
    if len(names) > DEEPEST:
        raise ValueError(_too_deep(text.strip()))
    return BETWEEN.join(_name(name) for name in names)


def check(*, name: str, parent: Category | None, category: Category | None = None) -> str:
    """The name as it is kept, where a branch may be called so and hang there; ValueError with a sentence where not.

    `category` is the branch that is renamed or moved; none for a new one. The tree is locked, so what was found holds
    until the caller's transaction ends.
    """
    _lock()
    name = _name(name)
    height = 1
    if category is not None:
        branch = _branch(category)
        if parent is not None and parent.pk in branch:
            raise ValueError(
                _("“%(name)s” cannot hang in “%(parent)s”, which is in it. Move that one out first.")
                % {"name": category.name, "parent": parent.name}
            )
        height = max(branch.values())
    above = Category.objects.get(pk=parent.pk).path.count(BETWEEN) + 1 if parent is not None else 0
    if above + height > DEEPEST:
        raise ValueError(_too_deep(name))
    if Category.objects.filter(name=name, parent=parent).exclude(pk=category.pk if category else 0).exists():
        where = parent.path if parent else _("the top of the tree")
        raise ValueError(
            _("There is a category “%(name)s” in %(where)s already. Choose another name.")
            % {"name": name, "where": where}
        )
    return name


def add(*, name: str, name_fr: str = "", parent: Category | None = None) -> Category:
    """A new branch. ValueError with a sentence where it cannot be."""
    with transaction.atomic():
        name = check(name=name, parent=parent)
        made = Category.objects.create(name=name, name_fr=name_fr.strip(), parent=parent)
        _write_paths(made)
    return made


def change(category: Category, *, name: str, name_fr: str, parent: Category | None) -> None:
    """Rename a branch, or hang it elsewhere; the paths of all that is in it follow, in a constant number of statements.

    ValueError with a sentence where it would hang in itself, be too deep, or have the name of its sister.
    """
    with transaction.atomic():
        name = check(name=name, parent=parent, category=category)
        category.name, category.name_fr, category.parent = name, name_fr.strip(), parent
        category.save(update_fields=["name", "name_fr", "parent"])
        _write_paths(category)


def ensure(paths: Iterable[str]) -> dict[str, Category]:
    """The categories of these paths, as kept (see plain_path); what is not there yet is made, with what it hangs in.

    Two statements, and one more for each level of the tree that has something new.
    """
    wanted = {path for path in paths if path}
    wanted |= {
        BETWEEN.join(names[:depth])
        for path in wanted
        for names in [path.split(BETWEEN)]
        for depth in range(1, len(names))
    }
    with transaction.atomic():
        _lock()
        known = {category.path: category for category in Category.objects.filter(path__in=wanted)}
        for depth in range(DEEPEST):
            missing = sorted(path for path in wanted - known.keys() if path.count(BETWEEN) == depth)
            fresh = []
            for path in missing:
                above, _between, name = path.rpartition(BETWEEN)
                fresh.append(Category(name=name, parent=known[above] if above else None, path=path))
            known |= {category.path: category for category in Category.objects.bulk_create(fresh)}
    return known


def in_branch(path: str, *, through: str = "") -> Q:
    """What hangs in the branch of this path, itself included; `through` leads to the category, as `category__`."""
    return Q(**{f"{through}path": path}) | Q(**{f"{through}path__startswith": f"{path}{BETWEEN}"})


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise ValueError(_("Say what the category is called."))
    if _SEPARATORS.search(name) or not name.isprintable():
        raise ValueError(
            _(
                "A category's name holds neither “›” nor “>”: they stand between the names of a path. Choose another name."
            )
        )
    longest = Category._meta.get_field("name").max_length or 0
    if len(name) > longest:
        raise ValueError(
            _("A category's name has at most %(most)d characters; this one has %(count)d. Shorten it.")
            % {"most": longest, "count": len(name)}
        )
    return name


def _too_deep(name: str) -> str:
    return _("“%(name)s” would be too deep: the tree has at most %(most)d levels. Hang it higher up.") % {
        "name": name[:120], "most": DEEPEST,
    }  # fmt: skip


def _lock() -> None:
    """One change of the tree at a time: two branches hung into each other at the same instant would both look sound."""
    with database.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_category IN SHARE ROW EXCLUSIVE MODE")


_BRANCH = """
    WITH RECURSIVE branch (id, path, depth) AS (
        SELECT c.id, coalesce(p.path || %(between)s, '') || c.name, 1
          FROM inventory_category c LEFT JOIN inventory_category p ON p.id = c.parent_id WHERE c.id = %(id)s
        UNION ALL
        SELECT c.id, b.path || %(between)s || c.name, b.depth + 1
          FROM inventory_category c JOIN branch b ON c.parent_id = b.id)
"""


def _branch(category: Category) -> dict[int, int]:
    """All that hangs in a category, itself included: id → level below it, itself being 1."""
    with database.cursor() as cursor:
        cursor.execute(f"{_BRANCH} SELECT id, depth FROM branch", {"id": category.pk, "between": BETWEEN})
        return dict(cursor.fetchall())


def _write_paths(category: Category) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            f"{_BRANCH} UPDATE inventory_category c SET path = branch.path FROM branch WHERE c.id = branch.id",
            {"id": category.pk, "between": BETWEEN},
        )
    category.refresh_from_db(fields=["path"])
