"""The corpus: judged rows, deduplicated and decontaminated."""
