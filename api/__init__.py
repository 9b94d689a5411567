"""What arrives and what goes back: the application, its limits, and who asks."""
