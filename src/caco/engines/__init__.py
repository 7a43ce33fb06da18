"""Engines: prompts in, completions out, one seed per request.

Each engine kind is one module, selected by `engine.kind`. Used by stages; imports `caco.models` and
what is below it.
"""
