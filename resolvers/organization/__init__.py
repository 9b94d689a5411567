"""How the organization itself changes: accounts, keys, and fields of its own."""
