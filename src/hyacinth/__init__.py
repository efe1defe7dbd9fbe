"""Hyacinth: an RV64 core with the hypervisor extension, and the machine that runs and explains it.

The public names are `Machine`, a core with memory and devices under simulation; `Core`, the hardware; `CoreConfig`,
what can be chosen about it; `explain_traps` and `report`, which put traps into words.
"""

import time
from importlib import import_module

STARTED = time.time()
"""Before any module of the package was read."""

_WHERE = {"Core": ".rtl.core", "CoreConfig": ".rtl.config", "Machine": ".sim.machine",
          "explain_traps": ".sim.trace.report", "report": ".sim.trace.report"}


def __getattr__(name):
    # Imported when asked for, so that the command line answers at once.
    if name in _WHERE:
        return getattr(import_module(_WHERE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_WHERE])
