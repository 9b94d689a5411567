"""How measurements arrive: KPIs, targets, values and progress."""
