"""A process that runs all models once: a pickled question comes in, the predictions go out as JSON.

It gives way to everything else on the machine and uses one processor.
"""

from __future__ import annotations

import os
import pickle
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from threadpoolctl import threadpool_limits

from dashapp.metrics.models.fit import predict
from dashapp.metrics.models.history import Material


def main() -> None:
    os.nice(10)
    material: Material
    cut_off: datetime
    zone: ZoneInfo
    material, cut_off, zone = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the process that started this one
    with threadpool_limits(1):
        sys.stdout.write(predict(material, cut_off, zone).to_json())


if __name__ == "__main__":
    main()
