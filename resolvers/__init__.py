"""How what clients ask for is answered and changed."""
