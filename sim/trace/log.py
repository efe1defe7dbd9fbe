"""The log: a line for each instruction that retired and each trap that was taken.

A line is made of columns separated by blanks, then effects::

    cycle mode pc bits instruction [effects]
       1207 VS 0x0000000080201040 6105     c.ld s1, 0(a0)  load 0x10000 [0x90010000] 8 0x7 s1=0x7
       1219 VS 0x0000000080201042 00000073 ecall           trap VS->HS 10 ecall_vs tval=0x0 to 0x80000100

cycle
    The clock cycle in which it retired, from reset on, decimal, right-aligned in 10 columns.
mode
    The mode in which it ran: M, HS, U, VS or VU, in 2 columns.
pc
    Virtual address of the instruction: 0x and 16 hexadecimal digits.
bits
    The instruction as fetched, 8 hexadecimal digits, or 4 for a compressed one; `-` where the fetch failed.
instruction
    Mnemonic and operands, padded to 32 columns.
effects
    In this order, those that there are:

    `load|store|amo GVA [HPA] BYTES VALUE`
        Memory: the address as computed, where it lies, the number of bytes, what was read or written. Where the
        access crosses a page, the brackets hold both parts' addresses: `[HPA HPA]`. `device` follows where the
        access went past the caches.
    `REGISTER=VALUE`
        An integer register by its ABI name.
    `CSR=VALUE`
        A CSR by its name, read back after the write.
    `trap MODE->MODE CODE NAME [double] tval=VALUE [gva] [gpa=VALUE] [tinst=VALUE] to PC`
        The instruction did not retire. CODE is that of xcause, preceded by `i` for an interrupt; NAME is that of
        rtl/isa/causes.py in lower case. `double`: M has taken it as a double trap, so mtval2 has CODE in place of
        mcause. `gva`: tval holds a guest virtual address.
    `to MODE`
        An xRET changed the mode.
"""

from .disassembly import REGISTERS, disassemble
from .names import cause_word, csr_name, mode_name

MEMORY = ("", "load", "store", "amo")


def line(record) -> str:
    """One line of the log for a Retire record with its `cycle`."""
    bits, trapped = record.bits, record.trapped
    if bits & 3 == 3:
        drawn = f"{bits:08x}"
    else:
        drawn = f"{bits:04x}    " if bits or not trapped else "-       "
    text = disassemble(bits, record.pc) if bits or not trapped else "-"
    start = f"{record.cycle:10} {mode_name(record.mode):2} 0x{record.pc:016x} {drawn} {text:32}"
    if trapped:
        return f"{start} {trap(record)}"
    effects = ""
    if record.memory:
        second = f" 0x{record.hpa_next:x}" if record.hpa_next else ""
        effects += (f" {MEMORY[record.memory]} 0x{record.gva:x} [0x{record.hpa:x}{second}] {1 << record.size} "
                    f"0x{record.data:x}{' device' if record.device else ''}")
    if record.writes_rd and record.rd:
        effects += f" {REGISTERS[record.rd]}=0x{record.rd_value:x}"
    if record.writes_csr:
        effects += f" {csr_name(record.csr)}=0x{record.csr_value:x}"
    if record.mode_after != record.mode:
        effects += f" to {mode_name(record.mode_after)}"
    return f"{start}{effects}" if effects else start.rstrip()


def trap(record) -> str:
    """The effect `trap` of a record."""
    text = (f"trap {mode_name(record.mode)}->{mode_name(record.mode_after)} {'i' if record.interrupt else ''}"
            f"{record.code} {cause_word(record.interrupt, record.code)}{' double' * record.double} "
            f"tval=0x{record.tval:x}")
    if record.gva_valid:
        text += " gva"
    if record.gpa:
        text += f" gpa=0x{record.gpa:x}"
    if record.tinst:
        text += f" tinst=0x{record.tinst:x}"
    return f"{text} to 0x{record.next_pc:x}"


class Log:
    """Writes a line for each record given to it. A context manager: the file is whole when it is left.

    Parameters
    ----------
    file : text file
    traps_only : bool
        Leave out what retired.
    """
    def __init__(self, file, *, traps_only: bool = False):
        self.file, self.traps_only = file, traps_only

    def take(self, records) -> None:
        """Write the lines of `records`."""
        if self.traps_only:
            records = (record for record in records if record.trapped)
        self.file.writelines(line(record) + "\n" for record in records)

    def close(self) -> None:
        """Flush and close the file."""
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
