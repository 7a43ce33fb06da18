"""Measures what a fork costs, by what the process has loaded and what its child does first.

Prints Markdown tables: forks of each kind of warm parent, prices of single pages, and namespaces.
Children are timed one by one from the call to the end of the wait; figures are medians.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from caco.sandbox.jail import interpreter, package_folders
from caco.sandbox.kinds import MODULES

_HERE = Path(__file__).parent
# Under the parents' own options a script's folder is not searched for modules.
_START = "import sys; sys.path.append({!r}); from forks import main; main()"
_C_PROGRAM = r"""
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 400; i++) {
        struct timespec began, ended;
        clock_gettime(CLOCK_MONOTONIC, &began);
        if (fork() == 0) _exit(0);
        wait(0);
        clock_gettime(CLOCK_MONOTONIC, &ended);
        printf("%ld\n",
               (ended.tv_sec - began.tv_sec) * 1000000000L + ended.tv_nsec - began.tv_nsec);
        fflush(stdout);
    }
}
"""


def _measure_c() -> None:
    if shutil.which("cc") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "fork.c"), Path(folder, "fork")
        source.write_text(_C_PROGRAM)
        if subprocess.run(["cc", "-static", "-O1", "-o", program, source]).returncode:
            return
        said = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout
    cost = median(int(line) / 1000 for line in said.split())
    print(f"| a static C program | | nothing | {cost:,.0f} | |", flush=True)


def main() -> None:
    """Measures each thing in a process of its own."""
    folders = ":".join([*package_folders(), str(_HERE)])
    environment = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def measure(what: str, modules: tuple[str, ...] = ("math",)) -> None:
        command = [str(interpreter()), "-S", "-s", "-P", "-B", "-c", _START.format(str(_HERE))]
        subprocess.run([*command, what, folders, ",".join(modules)], env=environment, check=True)

    print("| parent | anonymous pages | the child does | us | its page faults |")
    print("|---|---|---|---|---|", flush=True)
    _measure_c()
    for kind, modules in MODULES.items():
        measure(str(kind), modules)
    print("\n| one more page | us |\n|---|---|", flush=True)
    measure("pages")
    print("\n| namespaces of the child's own | us |\n|---|---|", flush=True)
    measure("namespaces")


if __name__ == "__main__":
    main()
