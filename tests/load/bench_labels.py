"""Figures for reading codes and making labels on one core: `python -m tests.load.bench_labels [font]`.

Not a test: it prints and never fails. The promise it measures: an own code under 10 µs, a GTIN under 60 µs, 100 lot
labels under 0.5 s and 1,000 under 5 s, the first call with the loading of the font included.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from labels.codes import OwnKind, own_text, read, write_lot, write_own
from labels.sheets import A4_3X8, ROLL_70X50, LotLabel, pdf, png, zpl
from tests.load.meter import calibration

TODAY = date(2026, 11, 21)
LOT = LotLabel(
    own_key="26000423",
    name="12㎡单帐篷",
    spec="3.7m×3.2m×1.75m 牛津布",
    origin="江苏常州",
    number="ZP-12-2026-0423",
    quantity="200 顶",
    quality="合格",
    produced_on=date(2026, 3, 15),
    received_on=date(2026, 5, 20),
    expires_on=date(2034, 3, 14),
    bin="A-01-03",
    batch="B260315-1",
    gtin="6901234567892",
)


def best_of(times: int, act: Callable[[], object]) -> float:
    """Seconds of the quickest of several runs."""
    quickest = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        act()
        quickest = min(quickest, time.perf_counter() - begun)
    return quickest


def reading() -> None:
    label = write_lot("26000423", gtin="6901234567892", batch="B21A", expires_on=date(2029, 5, 31))
    scans = {
        "own code": write_own(OwnKind.LOT, "26000423"),
        "own code, typed": own_text(OwnKind.LOT, "26000423"),
        "EAN-13": "6901234567892",
        "element string 01 17 10": "]d201069012345678921729053110B21A",
        "own lot label": "]d2" + label,
        "own lot label, FNC1 lost": label.replace("\x1d", ""),
        "Digital Link": "https://id.gs1.org/01/06901234567892/10/ABC?17=290531",
        "plain text": "SFD6000F-III 2026",
    }
    for name, raw in scans.items():
        took = best_of(5, lambda raw=raw: [read(raw, today=TODAY) for _ in range(500)]) / 500
        print(f"read {name:28s} {took * 1e6:8.1f} µs")


def making(font: str) -> None:
    for many in (100, 1000):
        labels = [replace(LOT, own_key=f"{26100000 + many + at}") for at in range(many)]
        for name, make in (
            ("PDF", lambda labels=labels: pdf(labels, A4_3X8, font)),
            ("ZPL", lambda labels=labels: zpl(labels, ROLL_70X50, font)),
        ):
            begun, busy = time.perf_counter(), time.process_time()
            size = len(make())
            took, busy = time.perf_counter() - begun, time.process_time() - busy
            print(f"{name} {many:6d} lot labels {took:8.3f} s ({busy:.3f} s of processor) {size / 1e3:8.0f} kB")
    print(f"PNG      1 lot label  {best_of(5, lambda: png(LOT, ROLL_70X50, font)):8.3f} s")


if __name__ == "__main__":
    print(calibration(), flush=True)
    reading()
    making(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
