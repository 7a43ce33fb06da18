"""Pass rates: how often a model solves the questions of the corpus."""
