"""An order as a program sends it."""

from typing import Any

ADDRESS = {
    "name": "Ann Côté", "line1": "12 Elm Street", "city": "Halifax", "province": "NS", "postal_code": "B3H 1A1",
    "country": "CA",
}  # fmt: skip


def order(number: str = "A-1", sku: str = "TENT", quantity: int = 2, **fields: Any) -> dict[str, Any]:
    """Two tents at 100.00 with HST: 230.00 with 15 %, 228.00 with Nova Scotia's 14 %."""
    return {
        "external_id": number,
        "placed_at": "2026-11-02T15:00:00Z",
        "currency": "CAD",
        "customer": {"name": "Ann Côté", "email": "ann@example.ca", "language": "en"},
        "shipping": ADDRESS,
        "lines": [{"sku": sku, "name": "Tent", "quantity": quantity, "unit_price": "100.00"}],
        "taxes": [{"name": "HST", "rate": "14", "amount": "28.00"}],
        "total": "228.00",
        "paid_at": "2026-11-02T15:01:00Z",
        "payment_method": "Visa",
        **fields,
    }


def send(client: Any, body: Any, key: str = "k-1") -> Any:
    return client.post("/api/v1/orders/", body, format="json", headers={"Idempotency-Key": key})
