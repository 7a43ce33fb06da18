"""Engines: prompts in, completions out, a seed a request."""
