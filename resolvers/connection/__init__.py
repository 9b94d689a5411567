"""How connections to other systems change."""
