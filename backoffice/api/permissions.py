"""Who may call what: each room names, for each of its actions, the permissions that it needs (rule: U1).

The roles themselves stand in `backoffice/roles.py`. An action that a room does not name is nobody's.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

SEE_AMOUNTS = "orders.see_amounts"
SEE_COSTS = "inventory.see_costs"


class Allowed(BasePermission):
    message = "This user may not do that. Ask whoever manages the roles."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        # A method that no action answers is refused as such (405), not as forbidden.
        if view.action is None:
            return True
        needed = view.needs.get(view.action)
        return needed is not None and request.user.has_perms(needed)


def may(context: Mapping[str, Any], permission: str) -> bool:
    """Whether whoever reads an answer has a permission; the description of the API, which shows no data, has all."""
    user = getattr(context.get("request"), "user", None)
    if user is None or getattr(context.get("view"), "swagger_fake_view", False):
        return True
    return user.has_perm(permission)
