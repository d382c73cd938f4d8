"""The tree of categories: moved and renamed as a whole, never into itself, in a constant number of statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import categories
from inventory.models import Category
from tests import processes

pytestmark = pytest.mark.django_db


def grown(*paths: str) -> dict[str, Category]:
    return categories.ensure(categories.plain_path(path) for path in paths)


def paths() -> list[str]:
    return sorted(Category.objects.values_list("path", flat=True))


def test_a_path_makes_what_it_hangs_in_and_makes_nothing_twice() -> None:
    made = grown("Camping > Tents > Family tents", "Camping›Stoves")
    again = grown("Camping › Tents")

    assert paths() == ["Camping", "Camping › Stoves", "Camping › Tents", "Camping › Tents › Family tents"]
    assert again["Camping › Tents"] == made["Camping › Tents"]
    assert made["Camping › Tents › Family tents"].parent == made["Camping › Tents"]


def test_a_branch_is_renamed_and_moved_with_all_that_is_in_it() -> None:
    tree = grown("Camping > Tents > Family tents > Large", "Outdoors", "Camping Tents")

    categories.change(tree["Camping › Tents"], name=" Big  tents ", name_fr="Tentes", parent=tree["Outdoors"])

    assert paths() == [
        "Camping", "Camping Tents", "Outdoors", "Outdoors › Big tents", "Outdoors › Big tents › Family tents",
        "Outdoors › Big tents › Family tents › Large",
    ]  # fmt: skip
    categories.change(tree["Outdoors"], name="Plein air", name_fr="", parent=None)
    assert "Plein air › Big tents › Family tents › Large" in paths()


def test_a_branch_hangs_neither_in_itself_nor_in_what_is_in_it() -> None:
    tree = grown("Camping > Tents > Family tents")
    before = paths()

    for parent in ("Camping", "Camping › Tents", "Camping › Tents › Family tents"):
        with pytest.raises(ValueError, match="which is in it"):
            categories.change(tree["Camping"], name="Camping", name_fr="", parent=tree[parent])
    assert paths() == before


def test_two_branches_hung_into_each_other_at_once_make_no_loop(transactional_db: None) -> None:
    tree = grown("A", "B")

    def into(child: str, parent: str) -> str:
        try:
            categories.change(tree[child], name=child, name_fr="", parent=tree[parent])
        except ValueError:
            return "refused"
        return "moved"

    assert sorted(processes.together(lambda: into("A", "B"), lambda: into("B", "A"))) == ["moved", "refused"]
    assert paths() in (["A", "A › B"], ["B", "B › A"])


def test_sisters_have_different_names_and_cousins_may_share_one() -> None:
    tree = grown("Camping > Tents", "Garden > Tents")

    with pytest.raises(ValueError, match="There is a category “Tents” in Camping already"):
        categories.change(tree["Garden › Tents"], name="Tents", name_fr="", parent=tree["Camping"])
    with pytest.raises(ValueError, match="in the top of the tree already"):
        categories.add(name="Garden")


@pytest.mark.parametrize("name", ["", "  ", "A › B", "A>B", "a\x07", "n" * 121])
def test_a_name_that_would_break_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="ategory"):
        categories.add(name=name)
    assert paths() == []


def test_the_tree_is_no_deeper_than_a_path_can_hold() -> None:
    names = [f"{level}" * 120 for level in range(1, 9)]
    tree = grown(" > ".join(names), "Top")
    lowest = tree[" › ".join(names)]
    before = paths()

    assert len(lowest.path) == 8 * 120 + 7 * 3
    with pytest.raises(ValueError, match="would be too deep: the tree has at most 8 levels"):
        categories.add(name="one more", parent=lowest)
    with pytest.raises(ValueError, match="too deep"):
        categories.change(tree[names[0]], name=names[0], name_fr="", parent=tree["Top"])
    with pytest.raises(ValueError, match="too deep"):
        categories.plain_path(" > ".join("abcdefghi"))
    assert paths() == before


def test_moving_takes_as_many_statements_for_a_large_branch_as_for_a_small_one() -> None:
    tree = grown("Small > one", "Elsewhere", *(f"Large > {n} > {n}" for n in range(100)))

    counts = []
    for name in ("Small", "Large"):
        with CaptureQueriesContext(connection) as seen:
            categories.change(tree[name], name=name, name_fr="", parent=tree["Elsewhere"])
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 9  # with the two of the savepoint
    assert Category.objects.filter(categories.in_branch("Elsewhere › Large")).count() == 201
