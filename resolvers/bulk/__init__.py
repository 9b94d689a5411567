"""Bulk: objects as JSON lines, imported and exported by jobs that survive what interrupts them."""
