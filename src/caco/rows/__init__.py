"""Row types: one module each, named columns with their meaning, used by reader and writer alike."""
