"""Halden Group, the made-up company that `folioscope seed` plays: its facts, and how they become changes."""
