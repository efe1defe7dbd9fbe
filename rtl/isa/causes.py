"""Causes of traps (privileged manual, `mcause`; hypervisor chapter, "Trap Cause Codes").

No hardware: hardware, C header, reports and tests take numbers and names from here.
"""

from amaranth.lib import enum


class Cause(enum.IntEnum, shape=6):
    """An exception, by its code in mcause, scause and vscause."""
    INSTRUCTION_ADDRESS_MISALIGNED = 0
    INSTRUCTION_ACCESS_FAULT = 1
    ILLEGAL_INSTRUCTION = 2
    BREAKPOINT = 3
    LOAD_ADDRESS_MISALIGNED = 4
    LOAD_ACCESS_FAULT = 5
    STORE_ADDRESS_MISALIGNED = 6      # also of an AMO, as all that is named STORE
    STORE_ACCESS_FAULT = 7
    ECALL_U = 8                       # from U or VU
    ECALL_HS = 9
    ECALL_VS = 10
    ECALL_M = 11
    INSTRUCTION_PAGE_FAULT = 12
    LOAD_PAGE_FAULT = 13
    STORE_PAGE_FAULT = 15
    DOUBLE_TRAP = 16                  # in place of another one; this machine never raises 18 and 19
    SOFTWARE_CHECK = 18
    HARDWARE_ERROR = 19
    INSTRUCTION_GUEST_PAGE_FAULT = 20
    LOAD_GUEST_PAGE_FAULT = 21
    VIRTUAL_INSTRUCTION = 22
    STORE_GUEST_PAGE_FAULT = 23

    @property
    def description(self) -> str:
        """The cause in the manual's words."""
        return _DESCRIPTIONS[self]


class Interrupt(enum.IntEnum, shape=6):
    """An interrupt, by its code in mcause and scause and its bit in mip; a trap into VS shows 2, 6, 10 as 1, 5, 9."""
    SSI = 1
    VSSI = 2
    MSI = 3
    STI = 5
    VSTI = 6
    MTI = 7
    SEI = 9
    VSEI = 10
    MEI = 11
    SGEI = 12
    LCOFI = 13

    @property
    def description(self) -> str:
        """The cause in the manual's words."""
        return _INTERRUPT_DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Cause.INSTRUCTION_ADDRESS_MISALIGNED: "Instruction address misaligned",
    Cause.INSTRUCTION_ACCESS_FAULT: "Instruction access fault",
    Cause.ILLEGAL_INSTRUCTION: "Illegal instruction",
    Cause.BREAKPOINT: "Breakpoint",
    Cause.LOAD_ADDRESS_MISALIGNED: "Load address misaligned",
    Cause.LOAD_ACCESS_FAULT: "Load access fault",
    Cause.STORE_ADDRESS_MISALIGNED: "Store/AMO address misaligned",
    Cause.STORE_ACCESS_FAULT: "Store/AMO access fault",
    Cause.ECALL_U: "Environment call from U-mode or VU-mode",
    Cause.ECALL_HS: "Environment call from HS-mode",
    Cause.ECALL_VS: "Environment call from VS-mode",
    Cause.ECALL_M: "Environment call from M-mode",
    Cause.INSTRUCTION_PAGE_FAULT: "Instruction page fault",
    Cause.LOAD_PAGE_FAULT: "Load page fault",
    Cause.STORE_PAGE_FAULT: "Store/AMO page fault",
    Cause.DOUBLE_TRAP: "Double trap",
    Cause.SOFTWARE_CHECK: "Software check",
    Cause.HARDWARE_ERROR: "Hardware error",
    Cause.INSTRUCTION_GUEST_PAGE_FAULT: "Instruction guest-page fault",
    Cause.LOAD_GUEST_PAGE_FAULT: "Load guest-page fault",
    Cause.VIRTUAL_INSTRUCTION: "Virtual instruction",
    Cause.STORE_GUEST_PAGE_FAULT: "Store/AMO guest-page fault",
}

_INTERRUPT_DESCRIPTIONS = {
    Interrupt.SSI: "Supervisor software interrupt",
    Interrupt.VSSI: "Virtual supervisor software interrupt",
    Interrupt.MSI: "Machine software interrupt",
    Interrupt.STI: "Supervisor timer interrupt",
    Interrupt.VSTI: "Virtual supervisor timer interrupt",
    Interrupt.MTI: "Machine timer interrupt",
    Interrupt.SEI: "Supervisor external interrupt",
    Interrupt.VSEI: "Virtual supervisor external interrupt",
    Interrupt.MEI: "Machine external interrupt",
    Interrupt.SGEI: "Supervisor guest external interrupt",
    Interrupt.LCOFI: "Local counter-overflow interrupt",
}

INTERRUPT_ORDER = (Interrupt.MEI, Interrupt.MSI, Interrupt.MTI, Interrupt.SEI, Interrupt.SSI, Interrupt.STI,
                   Interrupt.SGEI, Interrupt.VSEI, Interrupt.VSSI, Interrupt.VSTI, Interrupt.LCOFI)
"""Interrupts that one mode takes, most urgent first (rules intr_M_mode_pri, hsint_priority)."""

VS_INTERRUPTS = (Interrupt.VSSI, Interrupt.VSTI, Interrupt.VSEI)
"""Interrupts meant for a guest: hideleg may delegate these, and they appear in VS one code lower (hideleg_trans)."""

ACCESS_FAULT = (Cause.INSTRUCTION_ACCESS_FAULT, Cause.LOAD_ACCESS_FAULT, Cause.STORE_ACCESS_FAULT)
PAGE_FAULT = (Cause.INSTRUCTION_PAGE_FAULT, Cause.LOAD_PAGE_FAULT, Cause.STORE_PAGE_FAULT)
GUEST_PAGE_FAULT = (Cause.INSTRUCTION_GUEST_PAGE_FAULT, Cause.LOAD_GUEST_PAGE_FAULT, Cause.STORE_GUEST_PAGE_FAULT)
ADDRESS_MISALIGNED = (Cause.INSTRUCTION_ADDRESS_MISALIGNED, Cause.LOAD_ADDRESS_MISALIGNED,
                      Cause.STORE_ADDRESS_MISALIGNED)
"""Each fault of memory, for a fetch, a load and a store (or AMO): the order of `Reach` in rtl/payloads.py."""

GUEST_PAGE_FAULTS = frozenset(GUEST_PAGE_FAULT)
"""Exceptions that write a GPA to mtval2 or htval; all others write 0 (rules mtval2_trapval, htval_trapval)."""

WRITES_ADDRESS = frozenset(Cause) - {Cause.ILLEGAL_INSTRUCTION, Cause.VIRTUAL_INSTRUCTION, Cause.ECALL_U,
                                     Cause.ECALL_HS, Cause.ECALL_VS, Cause.ECALL_M, Cause.DOUBLE_TRAP,
                                     Cause.SOFTWARE_CHECK, Cause.HARDWARE_ERROR}
"""Exceptions whose xtval is a virtual address, so that GVA may be 1 (rules mstatus_gva_op, hstatus_gva_op)."""

WRITES_TRANSFORMED = frozenset({
    Cause.LOAD_ADDRESS_MISALIGNED, Cause.LOAD_ACCESS_FAULT, Cause.STORE_ADDRESS_MISALIGNED, Cause.STORE_ACCESS_FAULT,
    Cause.LOAD_PAGE_FAULT, Cause.STORE_PAGE_FAULT, Cause.LOAD_GUEST_PAGE_FAULT, Cause.STORE_GUEST_PAGE_FAULT})
"""Exceptions that may write a transformed instruction to mtinst or htinst (rule H_trap_xtinst_val)."""

WRITES_PSEUDOINSTRUCTION = GUEST_PAGE_FAULTS
"""Exceptions that may write a pseudoinstruction to mtinst or htinst (rule H_trap_xtinst_guestpage)."""

# medeleg has the exceptions that a mode below M can meet; rules medeleg_when_rd0, medeleg_16_no_rd0. Instructions are
# never misaligned here, since misa.C is always 1.
MEDELEG = tuple(sorted(frozenset(Cause) - {Cause.INSTRUCTION_ADDRESS_MISALIGNED, Cause.ECALL_M, Cause.DOUBLE_TRAP}))
HEDELEG = tuple(sorted(frozenset(Cause) - {Cause.ECALL_HS, Cause.ECALL_VS, Cause.ECALL_M, Cause.DOUBLE_TRAP,
                                           Cause.VIRTUAL_INSTRUCTION} - GUEST_PAGE_FAULTS))
"""Exceptions that HS may delegate: the hypervisor chapter's table of writable bits of hedeleg."""

HYPERVISOR_CAUSES = GUEST_PAGE_FAULTS | {Cause.ECALL_VS, Cause.VIRTUAL_INSTRUCTION}
"""Exceptions that exist only with the H extension (rule H_cause)."""
