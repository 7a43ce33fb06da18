"""One module a converter, chosen by `sources.NAME.unify.converter`."""
