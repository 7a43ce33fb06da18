"""What a cluster says it has, compared with what a run asks for."""

from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.errors import ClusterError
from caco.preflight.capacity import missing_resources
from caco.preflight.partitions import Partition, gpus_of, read_partitions
from caco.preflight.requests import last_attempt_requests, resource_requests

# What a real Slurm (22.05) printed that was configured as sinfo.conf says.
PRINTED = Path(__file__).with_name("sinfo.txt").read_text()
PARTITIONS = read_partitions(PRINTED)


def said(*jobs: Any, partitions: dict[str, Partition] = PARTITIONS) -> list[str]:
    return [
        f"{error.owner}: {error}"
        for error in missing_resources(resource_requests(jobs), partitions)
    ]


def on_gpus(rule: str = "student", gres: str = "gpu:h100:4", **resources: Any) -> Any:
    return job(rule, **{"slurm_partition": "gpu", "gres": gres, "mem_mb": 64000} | resources)


def test_partitions_are_read_with_their_nodes_by_kind() -> None:
    assert set(PARTITIONS) == {"standard", "gpu", "long", "shut", "empty"}
    assert [p.name for p in PARTITIONS.values() if p.default] == ["standard"]
    assert PARTITIONS["standard"].minutes == 2 * 1440
    assert PARTITIONS["gpu"].minutes == 90
    assert PARTITIONS["long"].minutes == float("inf")
    assert PARTITIONS["shut"].state != "up"
    kinds = {tuple(kind.gpus.items()): kind for kind in PARTITIONS["gpu"].nodes}
    assert set(kinds) == {(("h100", 8),), (("a100", 4),), (("", 2),)}
    h100 = kinds[("h100", 8),]
    assert (h100.count, h100.cpus, h100.mem_mb) == (2, 64, 900_000)
    assert h100.features == {"ib", "nvme"}
    assert PARTITIONS["empty"].nodes == ()


@pytest.mark.parametrize(
    ("gres", "gpus"),
    [
        ("(null)", {}),
        ("gpu:4", {"": 4}),
        ("gpu", {"": 1}),
        ("gpu:h100", {"h100": 1}),
        ("gpu:h100:8(S:0-1)", {"h100": 8}),
        ("gpu:a100:4(IDX:0,2-3),nvme:1", {"a100": 4}),
        ("gpu:1g.10gb:7,gpu:a100:1,shard:12", {"1g.10gb": 7, "a100": 1}),
        ("lustre:1", {}),
    ],
)
def test_gpus_are_read_in_every_way_slurm_writes_them(gres: str, gpus: dict[str, int]) -> None:
    assert gpus_of(gres) == gpus


def test_what_fits_is_said_nothing_of() -> None:
    assert said(
        job("unify", mem_mb=16000, runtime=240, threads=8),
        on_gpus(runtime=90, nodes=2, mpi="srun", tasks=2, threads=8, constraint="ib&nvme"),
        on_gpus("sample", "gpu:1", slurm_partition="long,gpu"),
        on_gpus("bench", "gpu:2"),
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            on_gpus(slurm_partition="gpux"),
            "input: site.yaml: `gpu.partition` is `gpux`; there are empty, gpu, long, shut, "
            "standard (asked for by student)",
        ),
        (
            job("verify", slurm_partition="cpux"),
            "input: site.yaml: `cpu.partition` is `cpux`; there are empty, gpu, long, shut, "
            "standard (asked for by verify)",
        ),
        (
            on_gpus(gres="gpu:h200:4"),
            "input: site.yaml: `gpu.model` is `h200`; the nodes of partition `gpu` have a100, h100 "
            "(asked for by student)",
        ),
        (
            on_gpus(slurm_partition="standard"),
            "input: site.yaml: no node of partition `standard` has a GPU; set `gpu.partition` to "
            "one that has (gpu, long, shut) (asked for by student)",
        ),
        (
            on_gpus(gres="gpu:a100:8"),
            "input: 8 GPUs on a node are asked for, and a node of partition `gpu` has 4 at most; "
            "set `gpus: 4` under `rules` in site.yaml, and more `nodes` where it trains (asked for "
            "by student)",
        ),
        (
            on_gpus(gres="gpu:a100:4", mem_mb=600_000),
            "input: 600000 MB on a node are asked for, and such a node of partition `gpu` has "
            "500000; set `gpu.max_mem_mb: 500000` in site.yaml (asked for by student)",
        ),
        (
            job("plant", threads=64),
            "input: 64 cores on a node are asked for, and such a node of partition `standard` has "
            "32; set `cpus: 32` under `rules` in site.yaml (asked for by plant)",
        ),
        (
            on_gpus(nodes=3),
            "input: 3 nodes are asked for, and 2 of partition `gpu` have what each needs; set "
            "`nodes: 2` under `rules` in site.yaml (asked for by student)",
        ),
        (
            on_gpus(runtime=91),
            "input: 91 minutes are asked for, and partition `gpu` gives 90 at most; set "
            "`gpu.max_runtime: 90` in site.yaml (asked for by student)",
        ),
        (
            job("verify", constraint="icelake"),
            "input: site.yaml: `cpu.constraint` is `icelake`, which no node of partition "
            "`standard` satisfies; its nodes have ib, skylake (asked for by verify)",
        ),
        (
            on_gpus(gres="gpu:a100:1", constraint="nvme&skylake"),
            "input: site.yaml: `gpu.constraint` is `nvme&skylake`, which no node of partition "
            "`gpu` satisfies; its nodes have ib, nvme (asked for by student)",
        ),
        (
            job("verify", slurm_partition="shut"),
            "cluster: partition `shut` is inactive, so it takes no jobs; wait, or set "
            "`cpu.partition` in site.yaml to one that is up (empty, gpu, long, standard) (asked "
            "for by verify)",
        ),
        (
            job("verify", slurm_partition="empty"),
            "cluster: partition `empty` has no nodes; set `cpu.partition` in site.yaml (asked for "
            "by verify)",
        ),
    ],
)
def test_what_is_missing_is_one_sentence_with_the_key_and_what_there_is(
    asked: Any, sentence: str
) -> None:
    assert said(asked) == [sentence]


def test_all_is_said_at_once_and_each_thing_once() -> None:
    lines = said(
        on_gpus("sample", "gpu:h200:1"), on_gpus("student", "gpu:h200:8"),
        job("verify", slurm_partition="cpux"), job("model", local=True, slurm_partition="x"),
    )  # fmt: skip
    assert len(lines) == 2
    assert lines[0].endswith("(asked for by sample, student)")


def test_a_constraint_with_a_choice_needs_one_of_its_features() -> None:
    assert said(job("verify", constraint="icelake|skylake")) == []
    assert said(job("verify", constraint="[rack1*2&rack2]"))


def test_gpus_without_a_name_are_no_model() -> None:
    unnamed = read_partitions("gpu*|up|infinite|2|8|200000|gpu:2|(null)\n")
    assert said(on_gpus(), partitions=unnamed) == [
        "input: site.yaml: `gpu.model` is `h100`; the nodes of partition `gpu` have GPUs without "
        "a name: leave it out (asked for by student)"
    ]


def test_without_a_default_partition_the_site_may_choose_any() -> None:
    none = read_partitions(
        "a|up|1:00|2|8|200000|(null)|(null)\nb|up|infinite|2|8|200000|(null)|(null)\n"
    )
    assert said(job("verify"), partitions=none) == []
    assert "of partition `a` or `b` has 8" in said(job("verify", threads=9), partitions=none)[0]


def test_a_later_attempt_that_asks_for_too_much_is_told() -> None:
    jobs = [job("verify", retries=2, growing={"runtime": 1440}), job("unify", retries=2)]
    later = last_attempt_requests(jobs)
    assert [(ask.rule, ask.attempt, ask.minutes) for ask in later] == [
        ("unify", 3, 0), ("verify", 3, 4320),
    ]  # fmt: skip
    (error,) = missing_resources([*resource_requests(jobs), *later], PARTITIONS)
    assert "set `cpu.max_runtime: 2880` in site.yaml (asked for by verify at attempt 3)" in str(
        error
    )
    (error,) = missing_resources(
        [*resource_requests([job("verify", runtime=9000)]), *later], PARTITIONS
    )
    assert str(error).endswith("(asked for by verify)")


def test_a_feature_may_begin_with_a_digit() -> None:
    has = read_partitions("a*|up|infinite|2|8|200000|(null)|80gb,2080ti\n")
    assert said(job("verify", constraint="80gb&2080ti"), partitions=has) == []
    assert said(job("verify", constraint="40gb"), partitions=has)


def test_an_answer_in_other_words_is_no_traceback() -> None:
    with pytest.raises(ClusterError, match="sinfo answers in a way that is not known here: what"):
        read_partitions("what\n")
