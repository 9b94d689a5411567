"""What is done with the deliveries of trackers after they were accepted."""
