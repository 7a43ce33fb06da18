"""Export: the corpus as a data set for publication, with its card."""
