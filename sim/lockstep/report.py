"""A difference between the core and Spike in words: both states, and the instructions that led there."""

X_NAMES = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 "
           "t3 t4 t5 t6").split()
MODES = {0: "U", 1: "HS", 3: "M", 4: "VU", 5: "VS"}
CSRS = {0x100: "sstatus", 0x141: "sepc", 0x142: "scause", 0x143: "stval", 0x200: "vsstatus", 0x241: "vsepc",
        0x242: "vscause", 0x243: "vstval", 0x300: "mstatus", 0x302: "medeleg", 0x303: "mideleg", 0x304: "mie",
        0x341: "mepc", 0x342: "mcause", 0x343: "mtval", 0x344: "mip", 0x34a: "mtinst", 0x34b: "mtval2",
        0x600: "hstatus", 0x602: "hedeleg", 0x603: "hideleg", 0x643: "htval", 0x645: "hvip", 0x64a: "htinst",
        0x180: "satp", 0x280: "vsatp", 0x680: "hgatp"}


def disassemble(bits: int, pc: int) -> str:
    """The instruction, by capstone where it is installed."""
    try:
        import capstone
    except ModuleNotFoundError:
        return f".insn {bits:#x}"
    mode = capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC
    length = 4 if bits & 3 == 3 else 2
    decoder = capstone.Cs(capstone.CS_ARCH_RISCV, mode)
    for _, _, name, operands in decoder.disasm_lite(bits.to_bytes(4, "little")[:length], pc):
        return f"{name} {operands}".strip()
    return f".insn {bits:#x}"


def line(record: dict) -> str:
    """One record: where, in which mode, what, and what came of it."""
    text = (f"{record['cycle']:>10} {MODES.get(record['mode'], '?'):>2} {record['pc']:#018x} "
            f"{disassemble(record['bits'], record['pc']):<32}")
    if record["trapped"]:
        return text + (f" {'interrupt' if record['interrupt'] else 'exception'} {record['code']}, tval "
                       f"{record['tval']:#x}, to {MODES.get(record['mode_after'], '?')} {record['next_pc']:#x}")
    if record["writes_rd"] and record["rd"]:
        text += f" {X_NAMES[record['rd']]}={record['rd_value']:#x}"
    if record["writes_csr"]:
        text += f" {CSRS.get(record['csr'], hex(record['csr']))}={record['csr_value']:#x}"
    if record["memory"]:
        text += f" {(None, 'load', 'store', 'amo')[record['memory']]} {record['gva']:#x} [{record['hpa']:#x}]"
        text += f" {record['data']:#x}" + (" device" if record["device"] else "")
    return text.rstrip()


def subject(finding: dict) -> str:
    """What a finding is about, with the register's name."""
    what, number = finding["what"], finding["number"]
    if what == "register":
        return f"register x{number} ({X_NAMES[number]})"
    if number in CSRS:
        return f"{what} ({CSRS[number]})"
    return f"{what} ({number:#x})" if number else what


def describe(finding: dict, count: int, record: dict, before: list[dict]) -> str:
    """The report: the first difference, both states after that instruction, and the instructions before it."""
    csrs = {address: value for address, value in finding["spike_csrs"]}
    lines = [f"core and Spike differ at instruction {count + 1}: {subject(finding)}",
             f"  core   {finding['core']:#018x}", f"  Spike  {finding['spike']:#018x}", "",
             "the last instructions (cycle, mode, pc, instruction, effects); the difference is in the last",
             *("  " + line(each) for each in [*before, record]), "",
             "afterwards" + 14 * " " + f"{'core':<20}Spike",
             f"  {'pc':<20}  {record['next_pc']:#018x}  {finding['spike_pc']:#018x}",
             f"  {'mode':<20}  {MODES.get(record['mode_after'], '?'):<18}  {MODES.get(finding['spike_mode'], '?')}"]
    for index, (core, spike) in enumerate(zip(finding["core_x"], finding["spike_x"], strict=True)):
        if core or spike:
            lines.append(f"  {f'x{index} ({X_NAMES[index]})':<20}  {core:#018x}  {spike:#018x}"
                         + ("  differs" if core != spike else ""))
    lines += ["", "Spike's CSRs", *(f"  {name:<20}  {csrs[address]:#018x}" for address, name in CSRS.items()
                                    if address in csrs)]
    return "\n".join(lines)
