"""Every row of the table of instructions, against what its name says and against an assembler."""

import enum
import inspect
import random
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile

from hyacinth.rtl.isa import causes, csr, instructions, modes
from hyacinth.rtl.isa.instructions import INSTRUCTIONS, Alu, Amo, Format, Unit

ENUMERATIONS = [each for module in (causes, csr, instructions, modes) for _, each in inspect.getmembers(module)
                if inspect.isclass(each) and issubclass(each, enum.Enum) and each.__module__ == module.__name__]
OF_ONE_NAME = {"lui": "ADD", "auipc": "ADD", "beq": "SUB", "bne": "SUB", "blt": "SLT", "bge": "SLT", "bltu": "SLTU",
               "bgeu": "SLTU", "mop.r": "ZERO", "mop.rr": "ZERO", "sinval.vma": "SFENCE_VMA",
               "hinval.vvma": "HFENCE_VVMA", "hinval.gvma": "HFENCE_GVMA", "sfence.w.inval": "SFENCE_INVAL",
               "sfence.inval.ir": "SFENCE_INVAL"}
"""Instructions that are done as what has another name."""
AMOS = "swap add xor and or min max minu maxu cas".split()
UNITS = {
    Unit.ALU: "lui auipc addi slti sltiu xori ori andi slli srli srai add sub sll slt sltu xor srl sra or and addiw "
              "slliw srliw sraiw addw subw sllw srlw sraw sh1add sh2add sh3add add.uw sh1add.uw sh2add.uw sh3add.uw "
              "slli.uw andn orn xnor clz ctz cpop clzw ctzw cpopw max maxu min minu sext.b sext.h zext.h rol rolw "
              "ror rori roriw rorw orc.b rev8 bclr bclri bext bexti binv binvi bset bseti czero.eqz czero.nez mop.r "
              "mop.rr",
    Unit.JUMP: "jal jalr",
    Unit.BRANCH: "beq bne blt bge bltu bgeu",
    Unit.LOAD: "lb lh lw ld lbu lhu lwu lr.w lr.d hlv.b hlv.bu hlv.h hlv.hu hlvx.hu hlv.w hlv.wu hlvx.wu hlv.d",
    Unit.STORE: "sb sh sw sd sc.w sc.d hsv.b hsv.h hsv.w hsv.d",
    Unit.MUL: "mul mulh mulhsu mulhu mulw",
    Unit.DIV: "div divu rem remu divw divuw remw remuw",
    Unit.AMO: " ".join(f"amo{op}.{size}" for op in AMOS for size in "wdbh") + " amocas.q",
    Unit.CSR: "csrrw csrrs csrrc csrrwi csrrsi csrrci",
    Unit.CBO: "cbo.inval cbo.clean cbo.flush cbo.zero",
    Unit.SYSTEM: "fence fence.i ecall ebreak sret mret wfi wrs.nto wrs.sto sfence.vma hfence.vvma hfence.gvma "
                 "sinval.vma sfence.w.inval sfence.inval.ir hinval.vvma hinval.gvma",
}
"""What each unit does: all instructions of 32 bits."""
EXTENSIONS = {
    "zba": "add.uw sh1add sh2add sh3add sh1add.uw sh2add.uw sh3add.uw slli.uw",
    "zbb": "andn orn xnor clz ctz cpop clzw ctzw cpopw max maxu min minu sext.b sext.h zext.h rol rolw ror rori roriw "
           "rorw orc.b rev8",
    "zbs": "bclr bclri bext bexti binv binvi bset bseti",
    "zicond": "czero.eqz czero.nez",
    "zimop": "mop.r mop.rr",
    "zawrs": "wrs.nto wrs.sto",
    "zicbom": "cbo.inval cbo.clean cbo.flush",
    "zicboz": "cbo.zero",
    "zacas": "amocas.w amocas.d amocas.q amocas.b amocas.h",
    "zabha": " ".join(f"amo{op}.{size}" for op in AMOS for size in "bh"),
    "svinval": "sinval.vma sfence.w.inval sfence.inval.ir hinval.vvma hinval.gvma",
}
"""Which chapter of the manual lists an instruction, outside I, M, A and H."""
WORDS = {"addiw", "slliw", "srliw", "sraiw", "addw", "subw", "sllw", "srlw", "sraw", "mulw", "divw", "divuw", "remw",
         "remuw", "clzw", "ctzw", "cpopw", "rolw", "rorw", "roriw"}
"""Those that work on 32 bits, though they are on 64-bit registers."""
REGISTERS = ["zero", *(f"x{n}" for n in range(1, 32))]


@pytest.mark.parametrize("names", ENUMERATIONS, ids=lambda each: each.__name__)
def test_no_two_names_have_one_number(names):
    assert len({*names}) == len(names.__members__)


@pytest.mark.rule("mret_presence")
def test_every_instruction_has_one_row():
    names = [name for names in UNITS.values() for name in names.split()]
    assert sorted(row.name for row in INSTRUCTIONS) == sorted(names)


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.name)
def test_a_row_does_what_its_name_says(row):
    assert row.name in UNITS[row.unit].split()
    assert row.word == (row.name in WORDS)
    assert row.hypervisor == row.name.startswith(("hlv", "hsv", "hfence", "hinval"))
    assert row.hlvx == row.name.startswith("hlvx")
    assert {*row.extension.split()} == {each for each, names in EXTENSIONS.items() if row.name in names.split()}


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.name)
def test_a_row_has_the_immediate_of_its_opcode(row):
    expected = {"0000011": Format.I, "0010011": Format.I, "0011011": Format.I, "1100111": Format.I, "0100011": Format.S,
                "1100011": Format.B, "0110111": Format.U, "0010111": Format.U, "1101111": Format.J,
                "1110011": Format.Z}[row.pattern[-7:]] if {"i", "h"} & {*row.operands} else Format.NONE
    assert row.format == expected


@pytest.mark.parametrize("row", [row for row in INSTRUCTIONS if row.op is not None], ids=lambda row: row.name)
def test_a_row_has_the_operation_of_its_name(row):
    name = row.name.replace(".", "_").upper()
    if row.name in OF_ONE_NAME:
        allowed = {OF_ONE_NAME[row.name]}
    elif row.unit == Unit.ALU:  # an immediate or a word in place of registers is the same operation
        allowed = {name, name.removesuffix("W"), name.removesuffix("W").removesuffix("I"), name.replace("IU", "U"),
                   name.replace("I_UW", "_UW")} & {*Alu.__members__}
    elif row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO):
        short = name.split("_")[0]
        allowed = {short.removeprefix("AMO") if short.startswith("AMO") else short if short in ("LR", "SC") else "NONE"}
        assert allowed <= {*Amo.__members__}
    else:
        allowed = {name.removeprefix("CBO_")}
    assert {row.op.name} == allowed


def text_of(row, d, s, t, i, c, h, n) -> str:
    """The line of an assembler for a row and its operands."""
    name, rd, rs1, rs2 = row.name, REGISTERS[d], REGISTERS[s], REGISTERS[t]
    if row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO):
        first = {Unit.LOAD: [rd], Unit.STORE: [rs2], Unit.AMO: [rd, rs2], Unit.CBO: []}[row.unit]
        if name.startswith("sc."):
            first = [rd, rs2]
        offset = i if "i" in row.operands else ""
        return f"{name} {', '.join([*first, f'{offset}({rs1})'])}"
    if name.startswith("mop."):
        return f"{name}.{n} {', '.join([rd, rs1, rs2][:2 + ('t' in row.operands)])}"
    if name in ("fence", "fence.i"):
        return name
    if row.format in (Format.U, Format.J):
        return f"{name} {rd}, {i >> 12 & 0xFFFFF if row.format == Format.U else i}"
    if name == "jalr":
        return f"jalr {rd}, {i}({rs1})"
    if row.unit == Unit.CSR:
        return f"{name} {rd}, {c}, {i if row.format == Format.Z else rs1}"
    values = {"d": rd, "s": rs1, "t": rs2, "i": i, "h": h}
    return f"{name} {', '.join(str(values[letter]) for letter in 'dstih' if letter in row.operands)}"


def chosen(row, random) -> dict[str, int]:
    """Operands that a row can have, each with every bit of it in some draw."""
    even = row.name == "amocas.q"
    register = [random.randrange(0, 32, 1 + even) for _ in range(3)]
    lowest, step = {Format.I: (-1 << 11, 1), Format.S: (-1 << 11, 1), Format.B: (-1 << 12, 2), Format.J: (-1 << 20, 2),
                    Format.U: (-1 << 31, 1 << 12), Format.Z: (0, 1), Format.NONE: (0, 1)}[row.format]
    highest = 31 if row.format == Format.Z else max(0, -lowest - 1)
    return {"d": register[0], "s": register[1], "t": register[2], "i": random.randint(lowest, highest) // step * step,
            "c": random.choice([0x300, 0x5A5, 0xA5A]), "h": random.randrange(32 if row.word else 64),
            "n": random.randrange(8 if row.name == "mop.rr" else 32)}


@pytest.mark.rule("mret_enc")
def test_an_assembler_makes_the_same_words(tmp_path):
    choose = random.Random(1)
    drawn = [(row, chosen(row, choose)) for row in INSTRUCTIONS for _ in range(6)]
    source, made = tmp_path / "all.s", tmp_path / "all.o"
    source.write_text(".option norelax\n.option norvc\n" + "".join(
        f"{text_of(row, **operands)}\n" for row, operands in drawn))
    subprocess.run([sys.executable, "-m", "ziglang", "cc", "-target", "riscv64-freestanding",
                    "-mcpu=generic_rv64+" + "+".join(["m", "a", "zicsr", "zifencei", "h", *EXTENSIONS]), "-c", source,
                    "-o", made], check=True)
    with made.open("rb") as file:
        text = ELFFile(file).get_section_by_name(".text").data()
    words = [int.from_bytes(text[at:at + 4], "little") for at in range(0, len(text), 4)]
    assert len(words) == len(drawn)
    for (row, operands), word in zip(drawn, words, strict=True):
        fence = {"fence": 0x0FF0_000F, "fence.i": 0x0000_100F}
        assert fence.get(row.name, row.encode(**operands, q=0, f=0)) == word, (row.name, operands, hex(word))
