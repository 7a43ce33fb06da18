"""Jobs in an image use its environments, and a change between image and host re-runs nothing.

The image is simulated: a stub of `apptainer` runs the command on the host, with environments in
another folder.
"""

import os
from pathlib import Path

import pytest

from tests.dag.checkout import Checkout

SITE = "container: caco.sif\n"
# `apptainer exec [options] IMAGE SHELL -c COMMAND`; the stub records the arguments.
APPTAINER = """#!/bin/bash
[ "$1" != --version ] || { echo apptainer version 1.4.5; exit; }
echo "${@:1:$#-3}" >> arguments.txt
CACO_ENVS=image exec "${@: -3}"
"""
IN_IMAGE = ("--profile", "profiles/local", "--sdm", "apptainer", "--apptainer-args=--nv")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout without environments; the image has them."""
    checkout = Checkout(tmp_path)
    (tmp_path / ".venvs").rename(tmp_path / "image")
    (tmp_path / "caco.sif").touch()
    (tmp_path / "site.yaml").write_text(SITE)
    apptainer = tmp_path / "bin" / "apptainer"
    apptainer.parent.mkdir()
    apptainer.write_text(APPTAINER)
    apptainer.chmod(0o755)
    path = f"{apptainer.parent}:{os.environ['PATH']}"
    checkout.environment |= {"PATH": path, "CACO_LOCAL": "1"}
    return checkout


def test_every_job_runs_in_the_image_and_its_location_re_runs_nothing(checkout: Checkout) -> None:
    checkout.snakemake(*IN_IMAGE)
    assert (checkout.folder / "results/embedded/report.html").exists()
    arguments = (checkout.folder / "arguments.txt").read_text().splitlines()
    for line in arguments:
        assert line.startswith(f"exec --home {checkout.folder} --nv ") and line.endswith(
            " caco.sif"
        )
    records = [*(checkout.folder / "results/embedded/provenance").rglob("*.json")]
    assert len(arguments) == len(records) > 30
    for options in (IN_IMAGE, IN_IMAGE[:2]):
        assert "Nothing to be done" in checkout.snakemake("--dry-run", *options)


def test_without_an_image_missing_environments_are_an_error(checkout: Checkout) -> None:
    done = checkout.try_snakemake("--profile", "profiles/local")
    assert done.returncode == 1
    assert "cluster error: .venvs/workflow: there is no such environment" in done.stdout
