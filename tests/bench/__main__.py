"""`make bench`: every measurement, as one JSON object. `python -m tests.bench cycle` runs one part."""

from __future__ import annotations

import json
import os
import platform
import sys

from tests.bench import cycle, door, embed, following, forecast, lineage, viewers, weights

PARTS = {
    "cycle": cycle.measure,
    "viewers": viewers.measure,
    "lineage": lineage.measure,
    "following": following.measure,
    "door": door.measure,
    "forecast": forecast.measure,
    "weights": weights.measure,
    "embed": embed.measure,
}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    result: dict[str, object] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    }
    for name in wanted:
        result[name] = PARTS[name]()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
