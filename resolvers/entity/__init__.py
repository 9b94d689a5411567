"""What the changes of all entities have in common: how one is made, changed, archived, named and exported."""
