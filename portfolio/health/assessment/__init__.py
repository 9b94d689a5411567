"""The health of one node: its tree, its limits, its score and the causes of it."""
