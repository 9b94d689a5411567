"""Measurements: how fast Folioscope reads, beside what it could at best and what is usual."""
