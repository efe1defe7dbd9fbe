"""Instructions in words: by the tables of rtl/isa, and by capstone the compressed ones of C and foreign ones.

capstone 5 knows neither the H extension nor its CSRs, so the core's own table comes first.
"""

from functools import lru_cache

from ...rtl.isa.compressed import Compressed, find
from ...rtl.isa.hints import HINTS
from ...rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Format, Instruction, Unit
from .names import csr_name

REGISTERS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
             "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()


def disassemble(bits: int, pc: int) -> str:
    """Mnemonic and operands of the instruction `bits` at `pc`; a compressed one has its bits 1:0 below 3.

    Targets of jumps and branches are absolute. What nobody knows is `.insn` with its bits.
    """
    text, offset = _form(bits)
    return text if offset is None else f"{text}{pc + offset & (1 << 64) - 1:#x}"


@lru_cache(maxsize=1 << 16)
def _form(bits: int) -> tuple[str, int | None]:
    """The text, which ends where the target belongs, and the distance to that target, if there is one."""
    if bits in HINTS:
        return HINTS[bits], None
    if bits & 3 != 3:
        row = find(bits)
        return (_short(row, bits), None) if row and row.extension else _foreign(bits, 2)
    instruction = identify(bits)
    return _foreign(bits, 4) if instruction is None else _own(instruction, bits)


@lru_cache(maxsize=1)
def _by_opcode() -> dict[int, list[tuple[int, int, Instruction]]]:
    """Mask, value and instruction, by the low seven bits."""
    found: dict[int, list] = {}
    for instruction in INSTRUCTIONS:
        mask = int("".join("0" if c == "-" else "1" for c in instruction.pattern), 2)
        value = int(instruction.pattern.replace("-", "0"), 2)
        found.setdefault(value & 0x7F, []).append((mask, value, instruction))
    return found


def identify(bits: int) -> Instruction | None:
    """The row of an instruction of 32 bits."""
    return next((i for mask, value, i in _by_opcode().get(bits & 0x7F, ()) if bits & mask == value), None)


def _own(instruction: Instruction, bits: int) -> tuple[str, int | None]:
    field = {letter: _operand(instruction, letter, bits) for letter in instruction.operands}
    rd, rs1, rs2 = (REGISTERS[field.get(letter, 0)] for letter in "dst")
    name, unit, immediate = instruction.name, instruction.unit, field.get("i", 0)
    if "n" in field:
        name += f".{field['n']}"
    if field.get("q"):
        name += (".aq" if field["q"] & 2 else "") + (".rl" if field["q"] & 1 else "")
    if name == "jal":
        return (f"jal {rd}, " if field["d"] else "j "), immediate
    if name == "jalr":
        return ("ret" if (bits == 0x8067) else f"jalr {rd}, {immediate}({rs1})"), None
    if unit == Unit.BRANCH:
        return f"{name} {rs1}, {rs2}, ", immediate
    if unit == Unit.CSR:
        source = str(immediate) if instruction.format == Format.Z else rs1
        return f"{name} {rd}, {csr_name(field['c'])}, {source}", None
    if name in ("fence", "fence.i", "ecall", "ebreak", "mret", "sret", "wfi", "sfence.w.inval", "sfence.inval.ir"):
        return name, None
    if unit in (Unit.LOAD, Unit.STORE, Unit.AMO):
        address = f"{immediate}({rs1})" if "i" in field else f"({rs1})"
        registers = [REGISTERS[field[letter]] for letter in "dt" if letter in field]
        return f"{name} {', '.join(registers)}, {address}", None
    if name in ("lui", "auipc"):
        return f"{name} {rd}, {immediate >> 12 & 0xFFFFF:#x}", None
    parts = [REGISTERS[field[letter]] for letter in "dst" if letter in field]
    parts += [str(field[letter]) for letter in "ih" if letter in field]
    return f"{name} {', '.join(parts)}", None


def _short(row: Compressed, bits: int) -> str:
    """A compressed instruction that is not of C: the operands of the one that it stands for, less what is repeated."""
    if "n" in row.bits:
        return f"{row.name}.{bits >> 7 & 31}"
    wide = sum((bits >> source & 1 if isinstance(source, int) else int(source)) << place
               for place, source in enumerate(row.sources))
    text, _ = _own(BY_NAME[row.expands_to], wide)
    operands = text.partition(" ")[2].split(", ")
    if "s" not in row.bits:  # rs1 is rd, and what C.NOT and its kin are made with is no operand
        operands = [operands[0], *operands[2:]] if "t" in row.bits else operands[:1]
    return f"{row.name} {', '.join(operands)}"


def _operand(instruction: Instruction, letter: str, bits: int) -> int:
    places = [31 - at for at, c in enumerate(instruction.bits.replace(" ", "")) if c == letter]
    scatter = instruction.scatter(letter, places)
    value = sum((bits >> place & 1) << bit for place, bit in zip(places, scatter, strict=True))
    top = max(scatter)
    signed = letter == "i" and instruction.format != Format.Z
    return value - (1 << top + 1) if signed and value >> top & 1 else value


@lru_cache(maxsize=1)
def _capstone():
    import capstone
    return capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC)


def _foreign(bits: int, size: int) -> tuple[str, int | None]:
    found = next(_capstone().disasm(bits.to_bytes(size, "little"), 0), None) if bits else None
    if found is None:
        return (f".insn 0x{bits:0{2 * size}x}" if bits else "unimp"), None
    if found.mnemonic in ("c.j", "c.beqz", "c.bnez"):
        *registers, offset = found.op_str.split(", ")
        return found.mnemonic + " " + "".join(register + ", " for register in registers), int(offset, 0)
    return f"{found.mnemonic} {found.op_str}".strip(), None
