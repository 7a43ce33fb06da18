"""Corpus: accepted rows, deduplicated and decontaminated, with a data card."""
