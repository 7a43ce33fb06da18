"""Packages whose locked version is not the recorded one are named, with the rules of the jobs."""

from pathlib import Path

from caco.reports.planning.package_changes import package_changes
from caco.runtime.kept import PACKAGES, keep

TRAIN = "numpy==2.4.6 \\\n    --hash=sha256:00\ntyping-extensions==4.1\nnew==1 ; sys_platform\n"


def test_changed_packages_are_named_once_for_the_rules_that_had_them(tmp_path: Path) -> None:
    envs, run = tmp_path / "envs", tmp_path / "run"
    envs.mkdir()
    (envs / "train.txt").write_text(TRAIN)
    (envs / "torch.txt").write_text("# alone\ntorch==2.13.0\n")
    had = "numpy==2.4.6\npip==25\ntorch==2.12.0+cpu\ntyping_extensions==4.1\n"
    same = had.replace("2.12.0", "2.13.0") + "new==1\n"
    records = [
        {"rule": rule, "environment": {"interpreter": interpreter, "packages": digest}}
        for rule, interpreter, digest in (
            ("codegen", ".venvs/train/bin/python", keep(run, PACKAGES, had.encode())),
            ("sample", "/opt/.venvs/train/bin/python", keep(run, PACKAGES, had.encode())),
            ("grade", ".venvs/train/bin/python", keep(run, PACKAGES, same.encode())),
            ("answer", ".venvs/train/bin/python", "0" * 64),  # its list is not there
            ("check", "/usr/bin/python3", keep(run, PACKAGES, had.encode())),
        )
    ]
    assert package_changes([*records, {"rule": "unify", "environment": None}], run, envs) == [
        "envs/train.txt changed since codegen, sample ran, which runs nothing again: "
        "new absent -> 1, torch 2.12.0 -> 2.13.0"
    ]
