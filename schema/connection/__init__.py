"""What clients may ask of other systems and of what happened: trackers, links, events, jobs."""
