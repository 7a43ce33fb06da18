"""A cgroup bounds a whole jail where the host gives us one, and is said to be missing elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from caco.config.checks import SandboxLimits as Limits
from caco.sandbox import cgroups
from caco.sandbox.cgroups import Cgroups, NoCgroups
from caco.sandbox.nsjail import NsjailSandbox

GIVEN = "input = {'a': 1}\n"


@pytest.fixture
def tree(tmp_path):
    """Writes what /proc/self shows of a host's cgroups."""

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
    except NoCgroups as e:
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


def test_version_two_hands_its_controllers_down(tree, tmp_path, monkeypatch):
    proc = tree(["g cgroup2 cgroup2 rw"], ["0::/user/job"])
    own = tmp_path / "g/user/job"
    own.mkdir(parents=True)
    (own / "cgroup.subtree_control").touch()
    mkdir = Path.mkdir

    def with_control(folder: Path, *args: object, **options: object) -> None:
        mkdir(folder, *args, **options)
        (folder / "cgroup.subtree_control").touch()

    monkeypatch.setattr(Path, "mkdir", with_control)
    made = Cgroups.make(proc)
    jail = made.jail(memory_mb=100)
    assert made.version == 2
    assert jail.folders[0] == jail.folders[1]
    assert jail.settings["use_cgroupv2"]
    assert jail.settings["cgroupv2_mount"] == str(jail.folders[0])
    for folder in (own, made.ours[0], jail.folders[0]):
        assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    ("mounts", "own", "why"),
    [
        ([], [], "no hierarchy with the controllers memory and pids is mounted"),
        (["p cgroup cgroup rw,pids"], ["3:pids:/"], "no hierarchy"),
        (["g cgroup2 none rw"], ["0::/a"], "g/a/cgroup.subtree_control: No such file"),
    ],
)
def test_why_there_is_none(tree, mounts, own, why):
    with pytest.raises(NoCgroups, match=re.escape(why)):
        Cgroups.make(tree(mounts, own))


def test_the_folders_go_with_the_sandbox(here):
    with NsjailSandbox(Limits(), 1) as sandbox:
        ours = sandbox._cgroups.ours
        list(sandbox.run([f"{GIVEN}output = 1", f"import re\n{GIVEN}output = 1"]))
        for folder in ours:
            assert len(list(folder.glob("jail*/NSJAIL.*"))) == 2
    assert not [folder for folder in ours if folder.exists()]


def test_the_folders_of_a_killed_host_are_swept_by_the_next(here):
    killed = subprocess.run(
        [sys.executable, "-c",
         "import os\nfrom caco.sandbox.nsjail import NsjailSandbox as N\n"
         "from caco.config.checks import Sandbox\n"
         "s = N(Sandbox(), 1).__enter__()\nprint(*s._cgroups.ours, flush=True)\n"
         "os.kill(os.getpid(), 9)"],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )  # fmt: skip
    left = [Path(line) for line in killed.stdout.split()]
    assert len(left) == 2
    assert all(folder.exists() for folder in left)
    Cgroups.make().close()
    assert not any(folder.exists() for folder in left)


def test_the_memory_of_a_jail_is_bounded(here, monkeypatch):
    monkeypatch.setattr(cgroups, "_HEADROOM_MB", -400)
    with NsjailSandbox(Limits(memory_mb=500), 1) as sandbox:
        small, large, after = sandbox.run(
            f"{GIVEN}held = b'x' * ({size} << 20)\noutput = 1" for size in (10, 300, 10)
        )
    assert (small.outcome, large.outcome, after.outcome) == ("ok", "out_of_memory", "ok")


def test_the_threads_of_a_jail_are_bounded(here, execute):
    program = f"""
import _thread, time
{GIVEN}output = 0
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
