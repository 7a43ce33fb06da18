"""Engines: prompts in, completions out, one seed a request.

One module an engine kind, chosen by `engine.kind`. Used by stages; imports `caco.models` and below.
"""
