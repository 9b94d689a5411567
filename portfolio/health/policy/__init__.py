"""A scoring policy: its document, and the rules of bands and freshness that it sets."""
