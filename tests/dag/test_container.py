"""Jobs in an image: where their environments come from, and that nothing runs again for it.

The image is a stand-in: its `apptainer` runs the command right here, and has the environments
elsewhere.
"""

import os
from pathlib import Path

import pytest

from tests.dag.checkout import Checkout

SITE = "container: caco.sif\n"
# `apptainer exec [options] IMAGE SHELL -c COMMAND`; the words are kept.
APPTAINER = """#!/bin/bash
[ "$1" != --version ] || { echo apptainer version 1.4.5; exit; }
echo "${@:1:$#-3}" >> asked.txt
CACO_ENVS=image exec "${@: -3}"
"""
IN_IMAGE = ("--profile", "profiles/local", "--sdm", "apptainer", "--apptainer-args=--nv")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout without environments, for jobs in an image that has them."""
    made = Checkout(tmp_path)
    (tmp_path / ".venvs").rename(tmp_path / "image")
    (tmp_path / "caco.sif").touch()
    (tmp_path / "site.yaml").write_text(SITE)
    apptainer = tmp_path / "bin" / "apptainer"
    apptainer.parent.mkdir()
    apptainer.write_text(APPTAINER)
    apptainer.chmod(0o755)
    path = f"{apptainer.parent}:{os.environ['PATH']}"
    made.environment |= {"PATH": path, "CACO_LOCAL": "1"}
    return made


def test_every_job_runs_in_the_sites_image_with_its_options(checkout: Checkout) -> None:
    checkout.snakemake(*IN_IMAGE)
    assert (checkout.folder / "results/embedded/report.html").exists()
    asked = (checkout.folder / "asked.txt").read_text().splitlines()
    for line in asked:
        assert line.startswith(f"exec --home {checkout.folder} --nv ") and line.endswith(
            " caco.sif"
        )
    records = [*(checkout.folder / "results/embedded/provenance").rglob("*.json")]
    assert len(asked) == len(records) > 30


def test_nothing_runs_again_for_where_its_environment_lies(checkout: Checkout) -> None:
    checkout.snakemake(*IN_IMAGE)
    for where in (IN_IMAGE, IN_IMAGE[:2]):
        assert "Nothing to be done" in checkout.snakemake("--dry-run", *where)


def test_without_an_image_jobs_need_the_environments_of_make_envs(checkout: Checkout) -> None:
    done = checkout.try_snakemake("--profile", "profiles/local")
    assert done.returncode == 1
    assert "cluster error: .venvs/workflow: there is no such environment" in done.stdout
