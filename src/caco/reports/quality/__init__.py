"""What the rows of a run are like: form, difficulty, diversity, pass rates."""
