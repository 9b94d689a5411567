"""What a result was computed from: one document in normal form, and its fingerprint."""
