"""The staff's pages on orders and customers. They only translate; what happens is decided in the apps' own rooms."""

from orders.admin import customers, holds, list, merchant, signups

__all__ = ["customers", "holds", "list", "merchant", "signups"]
