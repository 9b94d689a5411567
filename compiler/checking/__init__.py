"""The check of all declarations when the schema is built: unknown words, names, prefixes and missing ways back."""
