"""Questions about a score: what would help, why it moved, what another policy would make of it."""
