"""All CSRs of a core, as data: CSR file, C header, reports, debugger and tests iterate over this table."""

from dataclasses import replace

from ..config import EVERY, CoreConfig
from .csr import Csr
from .csrs_hypervisor import hypervisor_csrs
from .csrs_indirect import indirect_csrs
from .csrs_machine import machine_csrs
from .csrs_stateen import stateen_csrs
from .csrs_supervisor import supervisor_csrs


def table(config: CoreConfig) -> dict[str, Csr]:
    """Every CSR of a core with `config`, by name, in the order of addresses."""
    csrs = machine_csrs(config) + supervisor_csrs(config) + stateen_csrs(config) + indirect_csrs(config)
    if config.hypervisor:
        csrs += hypervisor_csrs(config)
    else:
        csrs = tuple(replace(csr, twin="", fields=tuple(field for field in csr.fields if not field.hypervisor))
                     for csr in csrs if not csr.hypervisor)
    return {csr.name: csr for csr in sorted(csrs, key=lambda csr: csr.address)}


CSRS = table(EVERY)
"""Those of the full core with every extension."""
