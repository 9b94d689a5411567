"""What clients may ask of the organization itself: accounts, keys, and fields of its own."""
