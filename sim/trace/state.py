"""The CSRs that traps read and write, followed from reset, or from where a run goes on, through the Retire records.

Only what a report needs: values written by CSR instructions come with the records, what traps, MRET and SRET do to
them is repeated here (machine chapter, "Privilege and Global Interrupt-Enable Stack"; hypervisor chapter, "Trap Entry"
and "Trap Return").
"""

from ...rtl.config import FULL, CoreConfig
from ...rtl.isa.causes import VS_INTERRUPTS, Cause
from ...rtl.isa.csrs import table
from ...rtl.isa.modes import Mode

HIGH = 1 << 63
MRET, SRET = 0x30200073, 0x10200073


class State:
    """CSR values by name, from reset on.

    Parameters
    ----------
    config : CoreConfig
    """
    def __init__(self, config: CoreConfig = FULL):
        self.table = table(config)
        self.by_address = {csr.address: csr for csr in self.table.values()}
        self.values = {name: csr.reset for name, csr in self.table.items() if not csr.storage}
        self.has_mdt = any(field.name == "MDT" for field in self.table["mstatus"].fields)

    def begin(self, csr) -> None:
        """Take all values from `csr`, a function of the name: of a machine that has run before."""
        self.values = {name: csr(name) for name in self.values}

    @property
    def hypervisor(self) -> bool:
        """Whether the H extension is there, and on."""
        return "hstatus" in self.table and bool(self.field("misa", "H"))

    def __getitem__(self, name: str) -> int:
        """The value of the CSR `name`. One that the core does not have is 0."""
        if (csr := self.table.get(name)) is None:
            return 0
        return self.values[csr.source] >> csr.shift & csr.mask if csr.storage else self.values[name]

    def field(self, csr: str, name: str) -> int:
        """The value of a field."""
        field = self.table[csr].field(name)
        return (self[csr] & field.mask) >> field.lsb

    def shown(self, csr: str, name: str) -> int:
        """The value of a field as software sees it; 0 too where the core does not have it, or what it needs is 0."""
        fields = self.table[csr].fields if csr in self.table else ()
        field = next((each for each in fields if each.name == name), None)
        if field is None or field.needs and not self.shown(*field.needs.split(".")):
            return 0
        return self.field(csr, name)

    def take(self, record) -> dict[str, tuple[int, int]]:
        """Follow one record. Returns, for a trap, the CSRs that it writes: name, then (before, after)."""
        if record.trapped:
            return self._trap(record)
        if record.writes_csr:
            self._write(record)
        elif record.bits in (MRET, SRET):
            self._return(record)
        return {}

    def _write(self, record) -> None:
        if (csr := self.by_address.get(record.csr)) is None:
            return
        if csr.twin and record.mode & 4:
            csr = self.table[csr.twin]
        self._put(csr.name, record.csr_value)

    def _put(self, name: str, value: int) -> None:
        csr = self.table[name]
        mask = csr.mask << csr.shift if csr.storage else (1 << 64) - 1
        self.values[csr.source] = self.values[csr.source] & ~mask | value << csr.shift & mask

    def _set(self, csr: str, **fields: int) -> None:
        value = self[csr]
        for field in self.table[csr].fields:
            if field.name in fields:
                value = value & ~field.mask | fields[field.name] << field.lsb & field.mask
        self._put(csr, value)

    def _trap(self, record) -> dict[str, tuple[int, int]]:
        target, privilege, v = record.mode_after, record.mode & 3, record.mode >> 2
        letter = {Mode.M: "m", Mode.HS: "s", Mode.VS: "vs"}[target]
        names = [f"{letter}{name}" for name in ("status", "epc", "cause", "tval")]
        if self.hypervisor:
            names += {Mode.M: ["mtval2", "mtinst"], Mode.HS: ["hstatus", "htval", "htinst"]}.get(target, [])
        elif record.double:
            names.append("mtval2")
        before = {name: self[name] for name in names}
        code = record.code
        if target == Mode.M:
            self._set("mstatus", MPV=v, MPP=privilege, MPIE=self.field("mstatus", "MIE"), MIE=0, GVA=record.gva_valid,
                      MDT=1)
        elif target == Mode.HS:
            self._set("sstatus", SPP=privilege, SPIE=self.field("sstatus", "SIE"), SIE=0,
                      **({"SDT": 1} if self.shown("menvcfg", "DTE") else {}))
            if self.hypervisor:
                self._set("hstatus", SPV=v, GVA=record.gva_valid, **({"SPVP": privilege} if v else {}))
        else:
            self._set("vsstatus", SPP=privilege, SPIE=self.field("vsstatus", "SIE"), SIE=0,
                      **({"SDT": 1} if self.shown("henvcfg", "DTE") else {}))
            code -= record.interrupt and code in VS_INTERRUPTS
        cause = code | (HIGH if record.interrupt else 0)
        self.values |= {f"{letter}epc": record.pc, f"{letter}cause": Cause.DOUBLE_TRAP if record.double else cause,
                        f"{letter}tval": record.tval}
        if record.double:
            self.values |= {"mtval2": cause} | ({"mtinst": record.tinst} if self.hypervisor else {})
        elif self.hypervisor and target == Mode.M:
            self.values |= {"mtval2": record.gpa >> 2, "mtinst": record.tinst}
        elif self.hypervisor and target == Mode.HS:
            self.values |= {"htval": record.gpa >> 2, "htinst": record.tinst}
        return {name: (before[name], self[name]) for name in names}

    def _return(self, record) -> None:
        if record.bits == MRET:
            mprv = {} if self.field("mstatus", "MPP") == Mode.M else {"MPRV": 0}
            self._set("mstatus", MIE=self.field("mstatus", "MPIE"), MPIE=1, MPP=0, MPV=0, MDT=0, **mprv)
            if self.has_mdt and record.mode_after not in (Mode.M, Mode.HS):
                self._clear_sdt("mstatus", *["vsstatus"] * (record.mode_after == Mode.VU))
        elif record.mode & 4:
            self._set("vsstatus", SIE=self.field("vsstatus", "SPIE"), SPIE=1, SPP=0)
            self._clear_sdt("vsstatus")
        else:
            self._set("sstatus", SIE=self.field("sstatus", "SPIE"), SPIE=1, SPP=0)
            self._set("mstatus", MPRV=0, MDT=0)
            if self.hypervisor:
                self._set("hstatus", SPV=0)
            to_vu = record.mode_after == Mode.VU and (record.mode != Mode.M or self.has_mdt)
            self._clear_sdt("mstatus", *["vsstatus"] * to_vu)

    def _clear_sdt(self, *names: str) -> None:
        for name in names:
            if self.shown(name, "SDT"):
                self._set(name, SDT=0)
