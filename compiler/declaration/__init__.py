"""What a declaration is made of: the scalar that a column prints, and the place where it was declared."""
