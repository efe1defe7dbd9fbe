"""A difference between the core and Spike in words: both states, and the instructions that led there."""

from types import SimpleNamespace

from ..trace.disassembly import REGISTERS
from ..trace.log import line
from ..trace.names import csr_name, mode_name

SHOWN = """mstatus medeleg mideleg mie mip mepc mcause mtval mtval2 mtinst sstatus satp sepc scause stval hstatus
    hedeleg hideleg hvip hgatp htval htinst vsstatus vsatp vsepc vscause vstval""".split()
"""CSRs of Spike that a report shows."""


def subject(finding: dict) -> str:
    """What a finding is about, with the name of the register or CSR, or the address."""
    what, number = finding["what"], finding["number"]
    if what == "register":
        return f"register x{number} ({REGISTERS[number]})"
    if "bytes" in what:
        return f"{what} at {number:#x}"
    return f"{what} ({csr_name(number)})" if number else what


def describe(finding: dict, count: int, record: dict, before: list[dict]) -> str:
    """The report on the record after `count` equal ones: the first difference, the instructions `before`, both states.

    `finding` is what `Spike.finding` answers; records are dicts by the names of their fields.
    """
    csrs = {csr_name(address): value for address, value in finding["spike_csrs"]}
    lines = [f"core and Spike differ at instruction {count + 1}: {subject(finding)}",
             f"  core   {finding['core']:#018x}", f"  Spike  {finding['spike']:#018x}", "",
             "The last instructions; the difference is in the last:",
             *(line(SimpleNamespace(**each)) for each in [*before, record]), "",
             f"{'Afterwards':<14}{'core':<20}Spike",
             f"  {'pc':<12}{record['next_pc']:#018x}  {finding['spike_pc']:#018x}",
             f"  {'mode':<12}{mode_name(record['mode_after']):<18}  {mode_name(finding['spike_mode'])}"]
    for index, (core, spike) in enumerate(zip(finding["core_x"], finding["spike_x"], strict=True)):
        if core or spike:
            lines.append(f"  {f'x{index} {REGISTERS[index]}':<12}{core:#018x}  {spike:#018x}"
                         + ("  differs" if core != spike else ""))
    return "\n".join([*lines, "", "Spike's CSRs (those not shown are 0):",
                      *(f"  {name:<12}{csrs[name]:#018x}" for name in SHOWN if name in csrs)])
