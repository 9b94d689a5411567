"""The embedded default: PostgreSQL and Valkey from wheels, as children of this process."""
