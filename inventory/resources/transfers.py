"""Transfers as a table, a row for each line: to read, never to write."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import QuerySet

from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.lib import cells
from inventory.models import Transfer, TransferLine


class TransferResource(TableResource):
    plain = (
        "transfer", "source", "destination", "state", "expected_on", "sent_on", "sku", "name", "lot", "wanted", "sent",
        "received", "lost", "on_its_way",
    )  # fmt: skip

    class Meta(TableResource.Meta):
        model = Transfer
        name = "Transfers"
        fields: ClassVar = ()

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        lines = TransferLine.objects.filter(transfer__in=queryset.order_by().values("pk")).order_by(
            "-transfer_id", "id"
        )
        related = ("transfer__source", "transfer__destination", "product", "lot")
        for line in lines.select_related(*related).iterator(chunk_size=CHUNK):
            paper = line.transfer
            values = (
                paper.number, paper.source.code, paper.destination.code, paper.state, paper.expected_on,
                paper.sent_at.date() if paper.sent_at else None, line.product.sku, line.product.name,
                line.lot.code if line.lot else "", line.wanted, line.sent, line.received, line.lost,
                line.sent - line.received - line.lost,
            )  # fmt: skip
            yield [cells.shown(value) for value in values]
