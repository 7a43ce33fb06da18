"""A cgroup limits a whole jail on hosts that permit it; other hosts get a message."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox import cgroups
from caco.sandbox.cgroups import Cgroups, CgroupsUnavailable
from caco.sandbox.nsjail import NsjailSandbox

INPUT = "input = {'a': 1}\n"


@pytest.fixture
def tree(tmp_path):
    """Writes the files of /proc/self that describe the cgroups of a host."""

    def make(mounts: list[str], own: list[str]) -> Path:
        lines = (
            f"31 23 0:28 / {tmp_path}/{m.split()[0]} rw - {m.split(' ', 1)[1]}" for m in mounts
        )
        (tmp_path / "mountinfo").write_text("".join(f"{line}\n" for line in lines))
        (tmp_path / "cgroup").write_text("".join(f"{line}\n" for line in own))
        return tmp_path

    return make


@pytest.fixture
def here():
    """The cgroups of this host."""
    try:
        made = Cgroups.make()
    except CgroupsUnavailable as e:
        pytest.skip(f"no cgroups here: {e}")
    yield made
    made.close()


def test_version_one_has_a_folder_in_each_hierarchy(tree, tmp_path):
    proc = tree(
        ["m cgroup cgroup rw,memory", "p cgroup cgroup rw,pids", "u cgroup2 none rw"],
        ["4:memory:/jobs/7", "3:pids:/", "0::/"],
    )
    (tmp_path / "m/jobs/7").mkdir(parents=True)
    (tmp_path / "p").mkdir()
    made = Cgroups.make(proc)
    assert made.version == 1
    jail = made.jail(memory_mb=100)
    assert jail.folders[0].is_relative_to(tmp_path / "m/jobs/7")
    assert jail.settings["cgroup_mem_max"] == (100 + cgroups._HEADROOM_MB) << 20
    assert jail.settings["cgroup_mem_parent"] == str(jail.folders[0].relative_to(tmp_path / "m"))
    assert jail.settings["cgroup_pids_parent"] == str(jail.folders[1].relative_to(tmp_path / "p"))
    jail.remove()
    made.close()
    assert list((tmp_path / "m/jobs/7").iterdir()) == list((tmp_path / "p").iterdir()) == []


def test_version_two_enables_the_controllers_below_each_folder(tree, tmp_path, monkeypatch):
    proc = tree(["g cgroup2 cgroup2 rw"], ["0::/user/job"])
    own = tmp_path / "g/user/job"
    own.mkdir(parents=True)
    (own / "cgroup.subtree_control").touch()
    mkdir = Path.mkdir

    def with_control(folder: Path, *args: Any, **options: Any) -> None:
        mkdir(folder, *args, **options)
        (folder / "cgroup.subtree_control").touch()

    monkeypatch.setattr(Path, "mkdir", with_control)
    made = Cgroups.make(proc)
    jail = made.jail(memory_mb=100)
    assert made.version == 2
    assert jail.folders[0] == jail.folders[1]
    assert jail.settings["use_cgroupv2"]
    assert jail.settings["cgroupv2_mount"] == str(jail.folders[0])
    for folder in (own, made.folders[0], jail.folders[0]):
        assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    ("mounts", "own", "why"),
    [
        ([], [], "no hierarchy with the controllers memory and pids is mounted"),
        (["p cgroup cgroup rw,pids"], ["3:pids:/"], "no hierarchy"),
        (["g cgroup2 none rw"], ["0::/a"], "g/a/cgroup.subtree_control: No such file"),
    ],
)
def test_unavailable_cgroups_are_explained(tree, mounts, own, why):
    with pytest.raises(CgroupsUnavailable, match=re.escape(why)):
        Cgroups.make(tree(mounts, own))


def test_the_folders_are_removed_with_the_sandbox(here):
    with NsjailSandbox(Limits(), 1) as sandbox:
        assert sandbox._cgroups is not None
        folders = sandbox._cgroups.folders
        list(sandbox.run([f"{INPUT}output = 1", f"import re\n{INPUT}output = 1"]))
        for folder in folders:
            assert len(list(folder.glob("jail*/NSJAIL.*"))) == 2
    assert not [folder for folder in folders if folder.exists()]


def test_the_folders_of_a_killed_process_are_removed_by_the_next(here):
    killed = subprocess.run(
        [sys.executable, "-c",
         "import os\nfrom caco.sandbox.nsjail import NsjailSandbox as N\n"
         "from caco.config.checks import SandboxLimits\n"
         "s = N(SandboxLimits(), 1).__enter__()\nprint(*s._cgroups.folders, flush=True)\n"
         "os.kill(os.getpid(), 9)"],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )  # fmt: skip
    left = [Path(line) for line in killed.stdout.split()]
    assert len(left) == 2
    assert all(folder.exists() for folder in left)
    Cgroups.make().close()
    assert not any(folder.exists() for folder in left)


def test_the_memory_of_a_jail_is_limited(here, monkeypatch):
    monkeypatch.setattr(cgroups, "_HEADROOM_MB", -400)
    with NsjailSandbox(Limits(memory_mb=500), 1) as sandbox:
        small, large, after = sandbox.run(
            f"{INPUT}held = b'x' * ({size} << 20)\noutput = 1" for size in (10, 300, 10)
        )
    assert (small.outcome, large.outcome, after.outcome) == ("ok", "out_of_memory", "ok")


def test_the_threads_of_a_jail_are_limited(here, execute):
    program = f"""
import _thread, time
{INPUT}output = 0
try:
    for _ in range(500):
        _thread.start_new_thread(time.sleep, (100,))
        output += 1
except RuntimeError:
    pass
"""
    execution = execute(program)
    assert execution.outcome == "ok"
    assert 4 < int(execution.output) < cgroups._THREADS
