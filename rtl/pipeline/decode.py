"""The decoder: what an instruction is, from the table of rtl/isa/instructions.py, once it is expanded."""

from functools import cache, reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..isa import instructions
from ..isa.compressed import cubes
from ..isa.cover import cube, recogniser, without
from ..isa.instructions import BY_NAME, INSTRUCTIONS, Alu, Unit
from ..units.alu import alu_controls
from ..units.bits import BIT_OPERATIONS, bit_controls
from ..units.compressed import Expander
from .payloads import Controls, Decoded, Fetched


class Decoder(wiring.Component):
    """Combinational; a loop over each table.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    fetched : In(Fetched)
    decoded : Out(Decoded)
        `illegal` where no row of the table matches; most of the other fields may then be anything. Whether the mode
        allows it is commit's to decide.
    controls : Out(Controls)
    registers : In(5 each for three), reads : Out(2 each for three)
        Of the register of each number: bit 0, it is read as rs1; bit 1, as rs2. Of x0 it means nothing. Known as
        early as `decoded`, which says the same.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({"fetched": In(Fetched), "decoded": Out(Decoded), "controls": Out(Controls),
                          "registers": In(data.ArrayLayout(5, 3)), "reads": Out(data.ArrayLayout(2, 3))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.expander = expander = Expander(self.config)
        raw, compressed, decoded = self.fetched.raw, self.fetched.compressed, self.decoded
        m.d.comb += [
            expander.word.eq(raw[:16]), decoded.bits.eq(Mux(compressed, expander.expanded, raw)),
            decoded.fetched.eq(self.fetched)]

        # What a compressed instruction is follows from its 16 bits beside their expansion, not after it. Each bit of
        # each fact has its own few patterns, which tell the rows where it is 1 from those where it is 0.
        wide = [(row, cube(row.pattern)) for row in instructions.table(self.config)]
        compressed_cubes = cubes(self.config)
        short = [(BY_NAME[row.expands_to], each) for row, each in compressed_cubes]
        no_opcode, no_row, no_row_short = illegal(self.config)
        in_wide, in_short = recogniser(m, raw), recogniser(m, raw[:16])

        def among(recognise, rows, fact, strange=()):
            return recognise([each for row, each in rows if fact(row) == 1],
                             [*(each for row, each in rows if fact(row) == 0), *strange])

        def tell(fact, exact=False):
            """Whether `fact(row)` is 1 for the row that matches; anything where it is None. Where no row matches it may
            be anything too, but if `exact`, it is 0 if the opcode is in no row, or 16 bits are illegal."""
            return Mux(compressed, among(in_short, short, fact, no_row_short if exact else ()),
                       among(in_wide, wide, fact, no_opcode if exact else ()))

        for name in facts(INSTRUCTIONS[0]):
            if name != "illegal":
                # Nothing illegal may look like a CSR instruction: commit asks the CSR file whether that is allowed.
                m.d.comb += [bit.eq(tell(lambda row, name=name, n=n: bit_of(facts(row)[name], n), name == "unit"))
                             for n, bit in enumerate(Value.cast(decoded[name]))]
        m.d.comb += decoded.illegal.eq(Mux(compressed, in_short(no_row_short, [each for _, each in short]),
                                           ~in_wide([each for _, each in wide], no_row)))
        for unit in ("alu", "bits"):
            for name in controls(INSTRUCTIONS[0])[unit]:
                m.d.comb += self.controls[unit][name].eq(
                    tell(lambda row, unit=unit, name=name: controls(row)[unit][name]))
        for name in ("branch", "jump", "memory", "sums", "from_pc", "known", "late"):
            # What is illegal had better not jump, either: the predictor would remember it.
            m.d.comb += self.controls[name].eq(tell(lambda row, name=name: controls(row)[name],
                                                    name in ("branch", "jump")))

        # Whether an instruction waits decides about every stage before. So each place where the number of a register
        # may stand is compared beside the choice of the place, not after it.
        for which, (name, lsb) in enumerate((("uses_rs1", 15), ("uses_rs2", 20))):
            def place(row, name=name, lsb=lsb):
                return tuple(row.sources[lsb:lsb + 5]) if facts(BY_NAME[row.expands_to])[name] else None
            places = {place(row) for row, _ in compressed_cubes} - {None, ("0",) * 5}
            found = [(~compressed & among(in_wide, wide, lambda row, name=name: facts(row)[name]), raw[lsb:lsb + 5])]
            found += [(compressed & among(in_short, compressed_cubes, lambda row, each=each: place(row) == each),
                       Cat(Const(int(at), 1) if at in ("0", "1") else raw[at] for at in each))
                      for each in sorted(places, key=str)]
            for register, reads in zip(self.registers, self.reads, strict=True):
                m.d.comb += reads[which].eq(reduce(or_, (here & (number == register) for here, number in found)))
        return m


def _rest(cubes):
    """Every word that is in none of `cubes`, as cubes."""
    rest = [(0, 0)]
    for each in cubes:
        rest = [part for whole in rest for part in without(whole, each)]
    return rest


@cache
def illegal(config: CoreConfig) -> tuple[list, list, list]:
    """What is illegal, as cubes: words whose opcode is that of no row; words that are no row; the same of 16 bits."""
    rows = instructions.table(config)
    return (_rest(cube(opcode) for opcode in sorted({row.pattern[-7:] for row in rows})),
            _rest(sorted((cube(row.pattern) for row in rows), key=lambda each: each[0].bit_count())),
            _rest(each for _, each in cubes(config)))


def bit_of(value, n: int) -> int | None:
    """Bit `n` of a value of the table; None, which stands for anything, has no bits."""
    return None if value is None else int(value) >> n & 1


def facts(row) -> dict:
    """The fields of Decoded that `row` of the table sets; None where one does not matter."""
    return {
        "illegal": 0,
        "unit": row.unit,
        "op": None if row.unit in (Unit.ALU, Unit.BRANCH) else row.op or 0,
        "word": row.word,
        "immediate": row.format,
        "uses_rs1": "s" in row.bits and row.name not in ("fence", "fence.i"),
        "uses_rs2": "t" in row.bits,
        "writes_rd": "d" in row.bits and row.name not in ("fence", "fence.i"),
        "uses_pc": row.name == "auipc",
        "hypervisor": row.hypervisor,
        "hlsv": row.hypervisor and row.unit in (Unit.LOAD, Unit.STORE),
        "hlvx": row.hlvx,
    }


def controls(row) -> dict:
    """The fields of Controls for `row`; None where one does not matter."""
    memory = row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO)
    sums, from_pc = memory or row.name == "auipc", row.unit == Unit.BRANCH or not facts(row)["uses_rs1"]
    op = row.op if row.unit == Unit.ALU and not sums else Alu.ZERO
    alu, late = alu_controls(op, row.word), op in BIT_OPERATIONS
    chosen = late
    if row.unit == Unit.BRANCH:  # the ALU compares, and its result is 0
        alu |= {name: alu_controls(row.op, row.word)[name] for name in COMPARES}
    if row.unit in (Unit.MUL, Unit.DIV, Unit.CSR, Unit.SYSTEM):  # nobody looks at what execute gives
        alu, sums, from_pc, chosen = dict.fromkeys(alu), None, None, None
    return {"alu": alu, "bits": bit_controls(op, row.word), "branch": row.unit == Unit.BRANCH,
            "jump": row.unit == Unit.JUMP, "memory": memory, "sums": sums, "from_pc": from_pc,
            "known": row.unit in (Unit.ALU, Unit.JUMP) and not late, "late": chosen}


COMPARES = ("invert", "unsigned")
"""Controls of the ALU on which a comparison depends."""
