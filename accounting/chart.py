"""The chart of accounts: what the hub posts to. Accounts are made when they are first needed."""

from collections.abc import Iterable

from accounting.models import Account

Kind = Account.Kind

CLEARING = "1050"
RECEIVABLE = "1100"
INVENTORY = "1200"
RECEIVED = "2050"
LANDED = "2060"
OPENING = "3000"
SALES = "4000"
SHIPPING = "4100"
FEES = "4200"
DISCOUNTS = "4900"
REFUNDS = "4950"
DIFFERENCES = "4990"
COGS = "5000"
STOCK = "5100"

ACCOUNTS = {
    CLEARING: ("Payments received, to be deposited", Kind.ASSET),
    RECEIVABLE: ("Accounts receivable", Kind.ASSET),
    INVENTORY: ("Inventory", Kind.ASSET),
    RECEIVED: ("Goods received, not invoiced", Kind.LIABILITY),
    LANDED: ("Freight and duty to be billed", Kind.LIABILITY),
    OPENING: ("Opening balances", Kind.EQUITY),
    SALES: ("Sales", Kind.INCOME),
    SHIPPING: ("Shipping charged to customers", Kind.INCOME),
    FEES: ("Fees charged to customers", Kind.INCOME),
    DISCOUNTS: ("Discounts given", Kind.INCOME),
    REFUNDS: ("Refunds and allowances", Kind.INCOME),
    DIFFERENCES: ("Rounding, differences of stores' totals", Kind.INCOME),
    COGS: ("Cost of goods sold", Kind.EXPENSE),
    STOCK: ("Stock corrections", Kind.EXPENSE),
    "2310": ("GST payable", Kind.LIABILITY),
    "2320": ("HST payable", Kind.LIABILITY),
    "2330": ("QST payable", Kind.LIABILITY),
    "2340": ("PST British Columbia payable", Kind.LIABILITY),
    "2350": ("PST Saskatchewan payable", Kind.LIABILITY),
    "2360": ("RST Manitoba payable", Kind.LIABILITY),
    "2390": ("Other taxes payable", Kind.LIABILITY),
}
TAXES = {"GST": "2310", "HST": "2320", "QST": "2330", "PST-BC": "2340", "PST-SK": "2350", "RST-MB": "2360"}


def tax(code: str) -> str:
    """The account in which a tax is owed; one for all that are not Canada's own."""
    return TAXES.get(code, "2390")


TAX_ACCOUNTS = frozenset({*TAXES.values(), tax("")})


def accounts(codes: Iterable[str]) -> dict[str, Account]:
    """The accounts of these codes, in one statement; one that is missing is made."""
    wanted = set(codes)
    found = {account.code: account for account in Account.objects.filter(code__in=wanted)}
    missing = sorted(wanted - found.keys())
    if missing:
        Account.objects.bulk_create(
            [Account(code=code, name=ACCOUNTS[code][0], kind=ACCOUNTS[code][1]) for code in missing],
            ignore_conflicts=True,
        )
        found = {account.code: account for account in Account.objects.filter(code__in=wanted)}
    return found
