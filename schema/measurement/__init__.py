"""What clients may ask of measurements: KPIs, progress, health and what moved it."""
