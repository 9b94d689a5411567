"""The trade itself: its words and its arithmetic, free of any network."""
