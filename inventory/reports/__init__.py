"""Reports on stock: what was there on a day, what it was worth, what moved, what lies still, what matters, what turns.

A page shows fifty products and sums the movements of these alone, through the index on (product, at); so it costs the same
however many movements there are. Sums over all products are worked out only where somebody asks for them.
"""
