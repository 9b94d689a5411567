"""GraphQL selection → one SQL statement. Knows no entity and opens no connection."""
