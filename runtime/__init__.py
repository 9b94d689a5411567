"""What every process stands on: settings, PostgreSQL, Redis, events and logs."""
