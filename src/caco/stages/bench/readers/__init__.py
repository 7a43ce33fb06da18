"""The kinds of benchmarks, one module each; `bench.benchmarks.NAME.kind` selects it."""
