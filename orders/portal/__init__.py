"""The customer's own page: his order by a link that nobody guesses, and nothing else (rule: U2)."""
