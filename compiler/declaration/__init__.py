"""What a declaration is made of, and the check of all of them when the schema is built."""
