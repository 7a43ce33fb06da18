"""The easy problem families, one module a topic, for `caco.stages.seeds.readers.families`."""
