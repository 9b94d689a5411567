"""How people, teams, skills and assignments change."""
