"""The webhook door: the signature is checked on the raw body, the body kept, the worker woken; nothing is worked on here."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from backoffice import inward
from backoffice.sync.models import Connection
from orders.stores.base import Unreadable


@csrf_exempt
@require_POST
def receive(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Answered with 200 when kept, 401 when the signature is wrong, 404 when there is no such door.

    A paused connection still hears: what comes is kept for when it goes on.
    """
    if int(request.headers.get("Content-Length") or 0) > settings.UPLOAD_MAX_BYTES:
        return JsonResponse({"error": "This is too large to be an order."}, status=413)
    connection = Connection.objects.filter(pk=connection_id).exclude(state=Connection.State.OFF).first()
    if connection is None:
        return JsonResponse({"error": "There is no such connection."}, status=404)
    try:
        kept = inward.webhook(connection, request.headers, request.body)
    except PermissionError:
        return JsonResponse({"error": "The signature is not that of this store."}, status=401)
    except (Unreadable, ValueError, NotImplementedError):
        return JsonResponse({"error": "This store sends no webhooks that can be read here."}, status=400)
    return JsonResponse({"kept": len(kept)})
