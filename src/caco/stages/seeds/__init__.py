"""Seeds: problems with known answers, read from their sources."""
