"""Measures the cost of a fork, depending on the modules of the parent and the work of the child.

Prints Markdown tables: forks of each kind of warm parent, the cost of a single page, and of
namespaces. Children are timed one by one, from the call to the return of the wait; the figures are
medians.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from caco.sandbox.jail import MODULES, interpreter, package_folders

_HERE = Path(__file__).parent
# With the options of the parents, Python does not search a script's folder for modules.
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
        printed = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout
    cost = median(int(line) / 1000 for line in printed.split())
    print(f"| a static C program | | nothing | {cost:,.0f} | |", flush=True)


def main() -> None:
    """Runs each measurement in a new process."""
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
