"""The readers of seeds, one module each; `sources.NAME.seeds.reader` selects it."""
