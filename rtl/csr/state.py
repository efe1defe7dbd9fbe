"""The storage behind the tables of rtl/isa/csrs*.py, with the reading and the writing of what they describe."""

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from ..isa.csr import ALL_ONES, Box, Csr, Field, Kind, Void


class State:
    """A 64-bit register for each CSR that stores anything, and constants for the rest.

    Bits that no field makes writable keep their reset value, so a read needs no masks; Yosys drops their flip-flops.

    Parameters
    ----------
    table : dict[str, Csr]
        Of `rtl.isa.csrs.table`.
    """
    def __init__(self, table: dict[str, Csr]):
        self.table = table
        self.registers = {
            csr.name: Signal(64, name=csr.name, init=csr.reset) for csr in table.values()
            if csr.box is Box.TABLE and csr.source == csr.name
            and any(field.kind is Kind.STORED and not field.home for field in csr.fields)}

    def __getitem__(self, name: str) -> Value:
        """The storage of the CSR `name`: 64 bits, constant where it has none, 0 where this core lacks it."""
        if name in self.registers:
            return self.registers[name]
        return Const(self.table[name].reset if name in self.table else 0, 64)

    def field(self, path: str) -> Value:
        """The bits of "csr.FIELD"; one constant 0 where this core lacks it."""
        name, field = self._place(path)
        return self.bits(name, field) if field else Const(0)

    def has(self, path: str) -> bool:
        """Whether this core has "csr.FIELD"."""
        return self._place(path)[1] is not None

    def shown(self, path: str) -> Value:
        """The bits of "csr.FIELD" as software sees them: 0 while what it needs is 0."""
        field = self._place(path)[1]
        return Mux(self.shown(field.needs), self.field(path), 0) if field and field.needs else self.field(path)

    def bits(self, name: str, field: Field) -> Value:
        """The bits of `field` in the storage of `name`."""
        return self[name][field.lsb:field.lsb + field.width]

    def set(self, m, writes: dict[str, Value]):
        """Write "csr" or "csr.FIELD" at the end of the cycle; what this core lacks is left out."""
        for path, value in writes.items():
            name, field = self._place(path)
            if field and name in self.registers:
                m.d.sync += self.bits(name, field).eq(value)

    def _place(self, path: str) -> tuple[str, Field | None]:
        name, _, field = path.partition(".")
        if not field:
            return name, Field("", 0, 64)
        return name, next((each for each in self.table[name].fields if each.name == field), None) \
            if name in self.table else None

    def read(self, csr: Csr, computed: dict[str, Value]) -> Value:
        """What a CSR instruction finds in `csr`, 64 bits. `computed` has what the hardware shows, by CSR."""
        source = computed.get(csr.source, self[csr.source])
        if csr.source == csr.name and csr.name not in self.registers and csr.name not in computed:
            return source
        if csr.source == csr.name and not any(field.needs for field in csr.fields):
            return source
        shown = Const(sum(field.mask for field in csr.fields if not field.needs), 64)
        for field in csr.fields:
            if field.needs:
                shown = shown | Mux(self.shown(field.needs), field.mask, 0)
        return (source >> csr.shift & shown)[:64]

    def write(self, m, csr: Csr, value: Value, guest: Value):
        """Write `value`, 64 bits, to `csr` at the end of the cycle, made legal field by field, or void as a whole.

        guest   whether V=1
        """
        stored = [field for field in csr.fields if field.kind is Kind.STORED]
        simple = [field for field in stored if not (field.legal or field.needs or field.locked_by or field.hypervisor
                                                    or field.yields_to)]
        allowed = Const(1)
        if csr.void is not Void.NEVER:
            mode = csr.field("MODE")
            allowed = value[mode.lsb:mode.lsb + mode.width].matches(*mode.legal)
            allowed = allowed | ~guest if csr.void is Void.IN_GUEST else allowed
        with m.If(allowed):
            for home in {field.home or csr.source: None for field in simple}:
                mask = sum(field.writable for field in simple if (field.home or csr.source) == home) << csr.shift
                register = self.registers[home]
                shifted = (value << csr.shift)[:64] if csr.shift else value
                m.d.sync += register.eq(shifted if mask == ALL_ONES else
                                        register & (ALL_ONES ^ mask) | shifted & mask)
            for field in stored:
                if field not in simple:
                    with m.If(self._enabled(field)):
                        old = self.registers[field.home or csr.source][field.lsb + csr.shift:][:field.width]
                        new = legalised(field, value[field.lsb:field.lsb + field.width])
                        if field.yields_to:
                            other = csr.field(field.yields_to)
                            new = Mux(self._enabled(other) & value[other.lsb], 0, new)
                        m.d.sync += old.eq(new)

    def _enabled(self, field: Field) -> Value:
        """Whether no other CSR keeps `field` from being written."""
        needs = self.shown(field.needs) if field.needs else Const(1)
        lock = self.field(field.locked_by) if field.locked_by else Const(0)
        present = self.field("misa.H") if field.hypervisor and field.name != "H" else Const(1)
        return needs & ~lock & present

    def switch_hypervisor(self, m, on: Value):
        """misa.H changes: all that belongs to the H extension takes its reset value, or 0 where it shows elsewhere.

        The manual leaves such state open, but mideleg must not delegate, nor mstatus.MPV lead to V=1, without H.
        """
        for name, register in self.registers.items():
            csr = self.table[name]
            if csr.hypervisor:
                m.d.sync += register.eq(csr.reset)
                continue
            for field in csr.fields:
                if field.hypervisor and field.name != "H" and not field.home and field.kind is not Kind.COMPUTED:
                    m.d.sync += self.bits(name, field).eq(Mux(on, field.reset, 0))


def legalised(field: Field, written: Value) -> Value:
    """What `field` holds after `written`, as `Field.stored` has it."""
    if field.zeros:
        written = Cat(Const(0, field.zeros), written[field.zeros:])
    if field.legal is None:
        return written
    result = Const(0, field.width)
    for value, stored in field.becomes:
        result = Mux(written == value, stored, result)
    return Mux(in_set(written, field.legal), written, result)


def in_set(value: Value, legal: tuple[int, ...]) -> Value:
    """Whether `value` is in `legal`; a range from 0 on costs one comparison."""
    return value <= legal[-1] if legal == tuple(range(len(legal))) else value.matches(*legal)
