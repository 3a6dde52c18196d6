"""What was found and what was done, for people and for programs."""
