"""The energy of the processors of a node while a job runs, from the counters of RAPL."""

import threading
import time
from pathlib import Path

_POWERCAP = Path("/sys/class/powercap")
_INTERVAL_S = 60.0  # a counter of 262 kJ wraps around after 260 s at 1 kW


class CpuEnergy:
    """Adds up the energy of all processor packages, until the process exits.

    A package is that of the node: other jobs that run there at the same time are included. Many
    systems allow only root to read the counters; then nothing is measured.
    """

    def __init__(self, powercap: Path = _POWERCAP, interval_s: float = _INTERVAL_S) -> None:
        """Starts to read the counters, if there are any.

        Args:
            powercap: The folder of the kernel's power zones.
            interval_s: Seconds between two readings: less than a counter takes to wrap around.
        """
        self._interval_s = interval_s
        self._ranges: dict[Path, int] = {}  # in microjoules
        self._last: dict[Path, int] = {}
        self._used = 0
        self._lock = threading.Lock()
        for zone in sorted(powercap.glob("intel-rapl:*")):  # AMD's too
            try:
                if (zone / "name").read_text(encoding="utf-8").startswith("package"):
                    self._ranges[zone] = _number(zone / "max_energy_range_uj")
                    self._last[zone] = _number(zone / "energy_uj")
            except (OSError, ValueError):
                self._ranges.clear()  # a part of the packages would be less than was used
                break
        if self._ranges:
            threading.Thread(target=self._read_regularly, daemon=True).start()

    def used(self) -> dict[str, float]:
        """Returns `cpu_j`, the energy since the start in joules; empty if it is not measured."""
        self._read()
        return {"cpu_j": round(self._used / 1e6, 3)} if self._ranges else {}

    def _read_regularly(self) -> None:
        while self._ranges:
            time.sleep(self._interval_s)
            self._read()

    def _read(self) -> None:
        with self._lock:
            try:
                now = {zone: _number(zone / "energy_uj") for zone in self._ranges}
            except (OSError, ValueError):
                self._ranges.clear()
                return
            for zone, value in now.items():
                # The counter begins again at 0 after its range.
                self._used += (value - self._last[zone]) % (self._ranges[zone] + 1)
            self._last = now


def _number(file: Path) -> int:
    return int(file.read_text(encoding="utf-8"))
