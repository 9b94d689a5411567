"""HTTP itself: bodies, headers, connections and JSON, each within its limits."""
