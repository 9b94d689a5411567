"""Commands that run Folioscope: its processes, its database, and what it needs."""
