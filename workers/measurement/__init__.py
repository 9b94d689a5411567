"""What is computed from measurements after a commit: progress, health scores, divergence."""
