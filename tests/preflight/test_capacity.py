"""The resources of a cluster, compared with what a run requests."""

from pathlib import Path
from typing import Any

import pytest
from tests.preflight.jobs import job

from caco.errors import ClusterError
from caco.preflight.capacity import Partition, missing_resources, read_partitions
from caco.preflight.requests import gpus_of, last_attempt_requests, resource_requests

# The output of a real Slurm (22.05) that was configured as in sinfo.conf.
PRINTED = Path(__file__).with_name("sinfo.txt").read_text()
PARTITIONS = read_partitions(PRINTED)


def messages(*jobs: Any, partitions: dict[str, Partition] = PARTITIONS) -> list[str]:
    return [
        f"{error.owner}: {error}"
        for error in missing_resources(resource_requests(jobs), partitions)
    ]


def on_gpus(rule: str = "student", gres: str = "gpu:h100:4", **resources: Any) -> Any:
    usual: dict[str, Any] = {"slurm_partition": "gpu", "gres": gres, "mem_mb": 64000}
    return job(rule, **usual | resources)


def test_partitions_are_read_with_their_groups_of_nodes() -> None:
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
def test_gpus_are_read_in_every_form_that_slurm_prints(gres: str, gpus: dict[str, int]) -> None:
    assert gpus_of(gres) == gpus


def test_a_request_that_fits_has_no_error() -> None:
    assert messages(
        job("unify", mem_mb=16000, runtime=240, threads=8),
        on_gpus(runtime=90, nodes=2, mpi="srun", tasks=2, threads=8, constraint="ib&nvme"),
        on_gpus("sample", "gpu:1", slurm_partition="long,gpu"),
        on_gpus("bench", "gpu:2"),
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        (
            on_gpus(slurm_partition="gpux"),
            "input: site.yaml: `gpu.partition` is `gpux`, which does not exist; the partitions are "
            "empty, gpu, long, shut, standard (requested by student)",
        ),
        (
            job("verify", slurm_partition="cpux"),
            "input: site.yaml: `cpu.partition` is `cpux`, which does not exist; the partitions are "
            "empty, gpu, long, shut, standard (requested by verify)",
        ),
        (
            on_gpus(gres="gpu:h200:4"),
            "input: site.yaml: `gpu.model` is `h200`; the nodes of partition `gpu` have a100, h100 "
            "(requested by student)",
        ),
        (
            on_gpus(slurm_partition="standard"),
            "input: site.yaml: no node of partition `standard` has a GPU; set `gpu.partition` to "
            "one with GPUs (gpu, long, shut) (requested by student)",
        ),
        (
            on_gpus(gres="gpu:a100:8"),
            "input: 8 GPUs per node are requested, but a node of partition `gpu` has at most 4; "
            "set `gpus: 4` under `rules` in site.yaml, and more `nodes` for a training (requested "
            "by student)",
        ),
        (
            on_gpus(gres="gpu:a100:4", mem_mb=600_000),
            "input: 600000 MB per node are requested, but a matching node of partition `gpu` has "
            "at most 500000 MB; set `gpu.max_mem_mb: 500000` in site.yaml (requested by student)",
        ),
        (
            job("plant", threads=64),
            "input: 64 cores per node are requested, but a matching node of partition `standard` "
            "has at most 32; set `cpus: 32` under `rules` in site.yaml (requested by plant)",
        ),
        (
            on_gpus(nodes=3),
            "input: 3 nodes are requested, but partition `gpu` has 2 with the requested resources; "
            "set `nodes: 2` under `rules` in site.yaml (requested by student)",
        ),
        (
            on_gpus(runtime=91),
            "input: 91 minutes are requested, but partition `gpu` allows at most 90; set "
            "`gpu.max_runtime: 90` in site.yaml (requested by student)",
        ),
        (
            job("verify", constraint="icelake"),
            "input: site.yaml: `cpu.constraint` is `icelake`, which no node of partition "
            "`standard` satisfies; its nodes have ib, skylake (requested by verify)",
        ),
        (
            on_gpus(gres="gpu:a100:1", constraint="nvme&skylake"),
            "input: site.yaml: `gpu.constraint` is `nvme&skylake`, which no node of partition "
            "`gpu` satisfies; its nodes have ib, nvme (requested by student)",
        ),
        (
            job("verify", slurm_partition="shut"),
            "cluster: partition `shut` is inactive, so it takes no jobs; wait, or set "
            "`cpu.partition` in site.yaml to one that is up (empty, gpu, long, standard) "
            "(requested by verify)",
        ),
        (
            job("verify", slurm_partition="empty"),
            "cluster: partition `empty` has no nodes; set `cpu.partition` in site.yaml (requested "
            "by verify)",
        ),
    ],
)
def test_a_missing_resource_is_one_message_with_the_key_and_what_the_cluster_has(
    requested: Any, message: str
) -> None:
    assert messages(requested) == [message]


def test_all_errors_are_reported_at_once_and_each_one_once() -> None:
    lines = messages(
        on_gpus("sample", "gpu:h200:1"), on_gpus("student", "gpu:h200:8"),
        job("verify", slurm_partition="cpux"), job("model", local=True, slurm_partition="x"),
    )  # fmt: skip
    assert len(lines) == 2
    assert lines[0].endswith("(requested by sample, student)")


def test_a_constraint_with_a_choice_needs_one_of_its_features() -> None:
    assert messages(job("verify", constraint="icelake|skylake")) == []
    assert messages(job("verify", constraint="[rack1*2&rack2]"))


def test_gpus_without_a_name_match_no_model() -> None:
    unnamed = read_partitions("gpu*|up|infinite|2|8|200000|gpu:2|(null)\n")
    assert messages(on_gpus(), partitions=unnamed) == [
        "input: site.yaml: `gpu.model` is `h100`; the nodes of partition `gpu` have GPUs without "
        "a name; leave it out (requested by student)"
    ]


def test_without_a_default_partition_the_site_may_choose_any() -> None:
    none = read_partitions(
        "a|up|1:00|2|8|200000|(null)|(null)\nb|up|infinite|2|8|200000|(null)|(null)\n"
    )
    assert messages(job("verify"), partitions=none) == []
    assert (
        "of partition `a` or `b` has at most 8"
        in messages(job("verify", threads=9), partitions=none)[0]
    )


def test_a_later_attempt_that_requests_too_much_is_reported() -> None:
    jobs = [job("verify", retries=2, growing={"runtime": 1440}), job("unify", retries=2)]
    later = last_attempt_requests(jobs)
    assert [(each.rule, each.attempt, each.minutes) for each in later] == [
        ("unify", 3, 0), ("verify", 3, 4320),
    ]  # fmt: skip
    (error,) = missing_resources([*resource_requests(jobs), *later], PARTITIONS)
    assert "set `cpu.max_runtime: 2880` in site.yaml (requested by verify at attempt 3)" in str(
        error
    )
    (error,) = missing_resources(
        [*resource_requests([job("verify", runtime=9000)]), *later], PARTITIONS
    )
    assert str(error).endswith("(requested by verify)")


def test_a_feature_may_begin_with_a_digit() -> None:
    has = read_partitions("a*|up|infinite|2|8|200000|(null)|80gb,2080ti\n")
    assert messages(job("verify", constraint="80gb&2080ti"), partitions=has) == []
    assert messages(job("verify", constraint="40gb"), partitions=has)


def test_output_in_an_unknown_format_is_no_traceback() -> None:
    with pytest.raises(ClusterError, match="sinfo printed a line in an unknown format: what"):
        read_partitions("what\n")
