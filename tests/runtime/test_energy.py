"""The energy of the processors, from a planted tree of the kernel's power zones."""

import time
from pathlib import Path

from caco.runtime.energy import CpuEnergy

RANGE = 262_143_328_850  # of an Intel Xeon, in microjoules


def plant(powercap: Path, zone: str, name: str, energy: int) -> Path:
    folder = powercap / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    return folder / "energy_uj"


def test_the_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    first = plant(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    second = plant(tmp_path, "intel-rapl:1", "package-1", 0)
    others = [
        plant(tmp_path, "intel-rapl:0:0", "core", 0),
        plant(tmp_path, "intel-rapl:2", "psys", 0),
    ]
    meter = CpuEnergy(tmp_path)
    assert meter.used() == {"cpu_j": 0.0}
    first.write_text("7500000\n")
    second.write_text("250000\n")
    for other in others:
        other.write_text("900000000\n")
    assert meter.used() == {"cpu_j": 2.75}
    first.write_text("8500000\n")
    assert meter.used() == {"cpu_j": 3.75}


def test_a_counter_that_wraps_around_several_times_is_followed(tmp_path: Path) -> None:
    counter = plant(tmp_path, "intel-rapl:0", "package-0", RANGE - 1_000_000)
    meter = CpuEnergy(tmp_path, interval_s=0.01)
    for energy in (1_999_999, RANGE - 1, 0):
        (tmp_path / "next").write_text(f"{energy}\n")
        (tmp_path / "next").replace(counter)  # it is never read half written
        time.sleep(0.1)  # it is read in between
    assert meter.used() == {"cpu_j": round((1_000_000 + RANGE + 2) / 1e6, 3)}


def test_what_cannot_be_read_is_not_measured_and_not_zero(tmp_path: Path) -> None:
    assert CpuEnergy(tmp_path).used() == {}
    plant(tmp_path, "intel-rapl:0", "package-0", 1)
    counter = plant(tmp_path, "intel-rapl:1", "package-1", 1)
    counter.write_text("denied\n")
    assert CpuEnergy(tmp_path).used() == {}, "one package of two"
    counter.write_text("1\n")
    meter = CpuEnergy(tmp_path)
    counter.unlink()
    assert meter.used() == {}
