"""The converters, one module each; `sources.NAME.unify.converter` selects it."""
