"""Probabilities, trends and outliers of series; they know nothing of nodes."""
