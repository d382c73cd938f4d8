"""The figures beside the sidebar's entries; all of them come from one statement a page."""

from django.http import HttpRequest

from backoffice import workboard


def to_pack(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).to_pack)


def to_ship(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).to_ship)


def waiting(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).waiting)


def held(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).held)


def failed_arrivals(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).failed_arrivals)


def failed_deliveries(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).failed_deliveries)


def counts_to_approve(request: HttpRequest) -> str:
    return workboard.shown(workboard.counts(request).counts_to_approve)
