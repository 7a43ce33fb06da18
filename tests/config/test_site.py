"""The site file: the resources that it sets, and the errors for an invalid one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from caco.errors import UserError
from caco.slurm.site import Site, read_site, site_or_exit, usual_resources

ROOT = Path(__file__).resolve().parents[2]
JOBS = {
    "verify": {"mem_mb": 16000, "runtime": 120},
    "student": {"gpus": 1, "mem_mb": 64000, "runtime": 1440, "signal_s": 300},
}


def checkout(folder: Path) -> Path:
    """Makes a folder in which the profile works, with commands of Slurm that do nothing."""
    for name in ("Snakefile", "rules", "scripts", "src", "envs", "slurm", "config", "config.yaml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "bin").mkdir()
    for command in ("sbatch", "squeue"):
        (folder / "bin" / command).symlink_to("/bin/true")
    return folder


def dry_run(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "slurm", "--dry-run", "--quiet", "host"],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True,
    )  # fmt: skip


def resources(printed: str, rule: str) -> dict[str, str]:
    block = re.search(rf"rule {rule}:.*?resources: (.*?)\n", printed, re.DOTALL)
    assert block, printed
    return dict(item.split("=", 1) for item in block[1].split(", "))


def test_the_site_sets_the_resources_of_every_job(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    site = {
        "account": "all",
        "cpu": {"partition": "standard", "constraint": "icelake"},
        "gpu": {"partition": "gpu-a100", "model": "a100", "extra": "--exclude=n7",
                "max_mem_mb": 48000},
        "rules": {"student": {"gpus": 8, "nodes": 2}, "sample": {"gpus": 2, "cpus": 16}},
    }  # fmt: skip
    (folder / "site.yaml").write_text(yaml.safe_dump(site))
    done = dry_run(folder, f"{folder / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    verify = resources(done.stdout, "verify")
    assert (verify["slurm_partition"], verify["constraint"]) == ("standard", "icelake")
    assert "gres" not in verify
    # `all` is also a Python builtin: Snakemake must receive the string.
    assert verify["slurm_account"] == "all"
    sample = resources(done.stdout, "sample")
    assert (sample["slurm_partition"], sample["gres"]) == ("gpu-a100", "gpu:a100:2")
    assert sample["mem_mb"] == "48000"
    student = resources(done.stdout, "student")
    assert (student["nodes"], student["gres"], student["tasks"]) == ("2", "gpu:a100:8", "2")
    assert student["slurm_extra"] == "--signal=USR1@300 --exclude=n7"


def test_without_a_site_file_the_defaults_of_the_cluster_apply(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    done = dry_run(folder, f"{folder / 'bin'}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert resources(done.stdout, "sample")["gres"] == "gpu:1"
    assert "slurm_partition" not in done.stdout


def test_without_slurm_a_run_fails_and_no_job_runs_locally(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / "plain").mkdir()
    for command in ("bash", "which"):
        (folder / "plain" / command).symlink_to(shutil.which(command) or "")
    done = dry_run(folder, str(folder / "plain"))
    assert done.returncode == 1
    assert "cluster error: there is no `sbatch` on this machine" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_the_repository_root_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"cluster error: .* in the repository root"):
        site_or_exit()


def test_each_attempt_requests_more_up_to_the_limit_of_the_partition() -> None:
    site = Site.model_validate({"gpu": {"max_runtime": 2000}})
    student = site.set_resources(JOBS)["student"]
    assert [eval(student["mem_mb"], {"attempt": n}) for n in (1, 2, 3)] == [64000, 128000, 192000]
    assert [eval(student["runtime"], {"attempt": n}) for n in (1, 2, 3)] == [1440, 2000, 2000]


def test_threads_are_set_only_where_the_site_sets_cpus() -> None:
    site = Site.model_validate({"rules": {"verify": {"cpus": 16}}})
    assert site.set_threads(JOBS) == {"verify": 16}
    assert Site().set_threads(JOBS) is None


def test_an_unknown_rule_is_reported() -> None:
    site = Site.model_validate({"rules": {"students": {"gpus": 8}}})
    with pytest.raises(UserError, match=r"`rules` has `students`, which .* are verify, student"):
        site.set_resources(JOBS)


@pytest.mark.parametrize(
    ("resources", "fault"),
    [
        ({"mem_mb": 0}, "key `mem_mb` is 0, which is invalid: input should be greater than or .*"),
        ({"runtim": 60}, r"key `runtim` is unknown; did you mean `runtime`\?"),
    ],
)
def test_an_invalid_resource_of_the_profile_is_reported(
    resources: dict[str, int], fault: str
) -> None:
    where = r"profiles/slurm/config\.yaml: under"
    with pytest.raises(UserError, match=rf"^{where} `jobs\.verify`, {fault}$"):
        Site().set_resources(usual_resources({"verify": resources}))
    with pytest.raises(UserError, match=rf"^{where} `default-resources`, {fault}$"):
        Site().default_resources(**resources)


@pytest.mark.parametrize(
    ("kind", "key", "value", "fix"),
    [
        ("gpu", "model", "a100-sxm4", "leave `model` out"),
        ("cpu", "extra", "--exclude=n7 --time=3", r"`--time` \(runtime/time limit\) is set by"),
    ],
)
def test_what_the_executor_rejects_at_submission_is_an_error_when_read(
    tmp_path: Path, kind: str, key: str, value: str, fix: str
) -> None:
    (tmp_path / "site.yaml").write_text(yaml.safe_dump({kind: {key: value}}))
    with pytest.raises(UserError, match=rf"site.yaml: key `{kind}\.{key}` is .*{fix}"):
        read_site(tmp_path / "site.yaml")


def test_a_container_and_several_nodes_exclude_each_other() -> None:
    site = Site.model_validate({"container": "a.sif", "rules": {"student": {"nodes": 2}}})
    with pytest.raises(UserError, match=r"`rules\.student\.nodes` is 2, but jobs in a `container`"):
        site.set_resources(JOBS)


def test_a_misspelt_key_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("site.yaml").write_text("gpu: {partitoin: gpu}\n")
    with pytest.raises(UserError, match=r"site.yaml: key `gpu.partitoin` is unknown; did you mean"):
        read_site()


def test_the_example_is_a_site_file_with_every_key_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "site.example.yaml").read_text()
    assert read_site(ROOT / "site.example.yaml") == Site()
    # Each commented-out setting is valid too.
    shown = re.sub(r"^(\w+): \{\}\n#  ", r"\1:\n#  ", text, flags=re.MULTILINE)
    shown = re.sub(r"^#( {2}\w+:|\w+:)", r"\1", shown, flags=re.MULTILINE)
    Path("site.yaml").write_text(shown)
    site = read_site()
    assert {name for name in Site.model_fields if getattr(site, name) != getattr(Site(), name)} == {
        "account", "setup", "container", "container_args", "cpu", "gpu", "rules", "plan",
    }  # fmt: skip
    for key in (*Site.model_fields, *type(site.cpu).model_fields, *type(site.gpu).model_fields):
        assert re.search(rf"^[# ]*{key}:", text, re.MULTILINE), key


def test_the_setup_commands_are_expanded_only_in_the_job() -> None:
    setup = r"""export A="$B" C=`d` && e "\f" """
    precommand = Site(setup=setup).precommand()
    assert precommand is not None
    masked = precommand.replace('"', r"\"")  # as the executor does
    done = subprocess.run(["sh", "-c", f'printf %s "{masked}"'], capture_output=True, text=True)
    assert done.stdout == setup
    assert Site().precommand() is None
