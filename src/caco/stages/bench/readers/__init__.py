"""One module a kind of benchmark, chosen by `bench.benchmarks.NAME.kind`."""
