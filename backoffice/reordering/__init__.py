"""The order list: what falls below its limit or runs out, why, and what to order of whom (rule: S9)."""
