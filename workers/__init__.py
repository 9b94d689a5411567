"""What happens after a commit: reactions, relay, queue, schedule and sweep."""
