"""GraphQL over HTTP: from a request to its one operation, refused early or answered."""
