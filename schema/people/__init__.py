"""What clients may ask of people: teams, skills, assignments and capacity."""
