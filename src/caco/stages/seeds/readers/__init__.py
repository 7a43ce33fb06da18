"""One module a reader of seeds, chosen by `sources.NAME.seeds.reader`."""
