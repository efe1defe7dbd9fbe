"""The CSRs that traps read and write, followed from reset through the Retire records.

Only what a report needs: values written by CSR instructions come with the records, what traps, MRET and SRET do to
them is repeated here (machine chapter, "Privilege and Global Interrupt-Enable Stack"; hypervisor chapter, "Trap Entry"
and "Trap Return").
"""

from ...rtl.isa.causes import VS_INTERRUPTS, Interrupt
from ...rtl.isa.modes import Mode
from .names import csr_fields, csr_name

HIGH = 1 << 63
REPLACED = {"sstatus", "sie", "stvec", "sscratch", "sepc", "scause", "stval", "sip", "stimecmp", "satp"}
"""CSRs whose name, where V=1, means the vs… one."""
MRET, SRET = 0x30200073, 0x10200073


class State:
    """CSR values by name, from reset on.

    Parameters
    ----------
    hypervisor : bool
        Whether the core has the H extension.
    """
    def __init__(self, hypervisor: bool = True):
        self.hypervisor = hypervisor
        self.values: dict[str, int] = {}
        self.fields = {name: {field.name: field for field in csr_fields(name)}
                       for name in ("mstatus", "sstatus", *(("hstatus", "vsstatus") if hypervisor else ()))}
        self.sstatus_mask = sum((1 << field.width) - 1 << field.lsb for field in self.fields["sstatus"].values())
        if hypervisor:
            # Read-only ones: VS-level interrupts and SGEI are always delegated to HS (rule mideleg_h_op).
            self.values["mideleg"] = sum(1 << code for code in (*VS_INTERRUPTS, Interrupt.SGEI))

    def __getitem__(self, name: str) -> int:
        """The value of the CSR `name`."""
        if name == "sstatus":
            return self.values.get("mstatus", 0) & self.sstatus_mask
        return self.values.get(name, 0)

    def field(self, csr: str, name: str) -> int:
        """The value of a field of mstatus, sstatus, hstatus or vsstatus."""
        return self.fields[csr][name].of(self[csr])

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
        name = csr_name(record.csr)
        if name in REPLACED and record.mode & 4:
            name = "v" + name
        if name == "sstatus":
            self.values["mstatus"] = self["mstatus"] & ~self.sstatus_mask | record.csr_value & self.sstatus_mask
        else:
            self.values[name] = record.csr_value

    def _set(self, csr: str, **fields: int) -> None:
        value = self[csr]
        for name, new in fields.items():
            if (field := self.fields[csr].get(name)) is not None:
                mask = (1 << field.width) - 1 << field.lsb
                value = value & ~mask | new << field.lsb & mask
        if csr == "sstatus":
            value |= self["mstatus"] & ~self.sstatus_mask
            csr = "mstatus"
        self.values[csr] = value

    def _trap(self, record) -> dict[str, tuple[int, int]]:
        target, privilege, v = record.mode_after, record.mode & 3, record.mode >> 2
        letter = {Mode.M: "m", Mode.HS: "s", Mode.VS: "vs"}[target]
        names = [f"{letter}{name}" for name in ("status", "epc", "cause", "tval")]
        if self.hypervisor:
            names += {Mode.M: ["mtval2", "mtinst"], Mode.HS: ["hstatus", "htval", "htinst"]}.get(target, [])
        before = {name: self[name] for name in names}
        code = record.code
        if target == Mode.M:
            self._set("mstatus", MPV=v, MPP=privilege, MPIE=self.field("mstatus", "MIE"), MIE=0, GVA=record.gva_valid)
        elif target == Mode.HS:
            self._set("sstatus", SPP=privilege, SPIE=self.field("sstatus", "SIE"), SIE=0)
            if self.hypervisor:
                self._set("hstatus", SPV=v, GVA=record.gva_valid, **({"SPVP": privilege} if v else {}))
        else:
            self._set("vsstatus", SPP=privilege, SPIE=self.field("vsstatus", "SIE"), SIE=0)
            code -= record.interrupt and code in VS_INTERRUPTS
        self.values |= {f"{letter}epc": record.pc, f"{letter}cause": code | (HIGH if record.interrupt else 0),
                        f"{letter}tval": record.tval}
        if self.hypervisor and target == Mode.M:
            self.values |= {"mtval2": record.gpa >> 2, "mtinst": record.tinst}
        elif self.hypervisor and target == Mode.HS:
            self.values |= {"htval": record.gpa >> 2, "htinst": record.tinst}
        return {name: (before[name], self[name]) for name in names}

    def _return(self, record) -> None:
        if record.bits == MRET:
            to_m = self.field("mstatus", "MPP") == Mode.M
            self._set("mstatus", MIE=self.field("mstatus", "MPIE"), MPIE=1, MPP=0, MPV=0, **({} if to_m else {"MPRV": 0}))
        elif record.mode & 4:
            self._set("vsstatus", SIE=self.field("vsstatus", "SPIE"), SPIE=1, SPP=0)
        else:
            self._set("sstatus", SIE=self.field("sstatus", "SPIE"), SPIE=1, SPP=0)
            self._set("mstatus", MPRV=0)
            if self.hypervisor:
                self._set("hstatus", SPV=0)
