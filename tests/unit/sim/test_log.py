"""Tests of the log: each effect has its words, and a line is made of columns."""

import io

import pytest
from traces import retire

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import MemoryKind
from hyacinth.sim.trace.log import Log, line


def effects(**fields):
    return line(retire(**fields))[75:].strip()


def test_a_line_begins_with_cycle_mode_pc_bits_and_instruction():
    text = line(retire(cycle=1207, mode=Mode.VS, pc=0x8020_1040, bits=0x00B50533))
    assert text == "      1207 VS 0x0000000080201040 00b50533 add a0, a0, a1"


def test_a_compressed_instruction_has_four_digits():
    assert line(retire(bits=0x6108)) == "         1 M  0x0000000080000000 6108     c.ld a0, 0(a0)"


def test_a_register_is_shown_by_its_abi_name():
    assert effects(writes_rd=1, rd=10, rd_value=0x7) == "a0=0x7"


def test_x0_is_not_shown():
    assert effects(writes_rd=1, rd=0, rd_value=0) == ""


def test_a_load_shows_where_how_much_and_what():
    assert effects(memory=MemoryKind.LOAD, gva=0x1_0000, hpa=0x9001_0000, size=3, data=7, writes_rd=1, rd=9,
                   rd_value=7) == "load 0x10000 [0x90010000] 8 0x7 s1=0x7"


def test_a_store_to_a_device_says_so():
    assert effects(memory=MemoryKind.STORE, gva=0x1000_0000, hpa=0x1000_0000, size=0, data=0x41, device=1) == (
        "store 0x10000000 [0x10000000] 1 0x41 device")


def test_an_access_across_pages_shows_both_addresses():
    assert effects(memory=MemoryKind.LOAD, gva=0xFFE, hpa=0x9000_0FFE, hpa_next=0x9000_5000, size=2, data=0) == (
        "load 0xffe [0x90000ffe 0x90005000] 4 0x0")


def test_a_csr_is_shown_by_its_name():
    assert effects(writes_csr=1, csr=0x600, csr_value=0x80) == "hstatus=0x80"


def test_an_xret_shows_the_mode_it_goes_to():
    assert effects(bits=0x30200073, mode_after=Mode.VS) == "to VS"


def test_a_trap_shows_modes_cause_and_what_it_reports():
    assert effects(mode=Mode.VS, mode_after=Mode.HS, trapped=1, code=21, tval=0x4000, gva_valid=1, gpa=0x5000,
                   tinst=0x3000, next_pc=0x8000_0100) == (
        "trap VS->HS 21 load_guest_page_fault tval=0x4000 gva gpa=0x5000 tinst=0x3000 to 0x80000100")


def test_an_interrupt_has_an_i_before_its_code():
    assert effects(mode=Mode.HS, trapped=1, interrupt=1, code=5, next_pc=0x100).startswith("trap HS->HS i5 sti ")


def test_an_instruction_that_could_not_be_fetched_has_no_bits():
    assert line(retire(bits=0, trapped=1, code=1)).split()[3:5] == ["-", "-"]


def test_a_log_of_traps_leaves_out_what_retired():
    file = io.StringIO()
    Log(file, traps_only=True).take([retire(), retire(trapped=1, code=2), retire()])
    assert file.getvalue().count("\n") == 1


@pytest.mark.parametrize("bits, text", [
    (0x6805C573, "hlv.w a0, (a1)"), (0x6835C573, "hlvx.wu a0, (a1)"), (0x6AC5C073, "hsv.w a2, (a1)"),
    (0x62C58073, "hfence.gvma a1, a2"), (0x300025F3, "csrrs a1, mstatus, zero"),
    (0x60051073, "csrrw zero, hstatus, a0"),
    (0x3400F073, "csrrci zero, mscratch, 1"), (0x0000006F, "j 0x80000000"), (0xFE0518E3, "bne a0, zero, 0x7ffffff0"),
    (0xFF9FF0EF, "jal ra, 0x7ffffff8"), (0x00008067, "ret"), (0x12345537, "lui a0, 0x12345"),
    (0x00553423, "sd t0, 8(a0)"), (0x0CB6252F, "amoswap.w.aq a0, a1, (a2)"), (0x03F51513, "slli a0, a0, 63"),
    (0x30200073, "mret"), (0xA001, "c.j 0x80000000"), (0xC119, "c.beqz a0, 0x80000006"),
    (0x0100000F, "pause"), (0x00500033, "ntl.all"), (0x900A, "c.ntl.p1"), (0xCDF5C573, "mop.r.31 a0, a1"),
    (0xC6C5C573, "mop.rr.5 a0, a1, a2"), (0x20C5A533, "sh1add a0, a1, a2"), (0x6215D513, "rori a0, a1, 33"),
    (0x80E8, "c.lbu a0, 3(s1)"), (0x8C08, "c.sh a0, 0(s0)"), (0x9C75, "c.not s0"), (0x9C4D, "c.mul s0, a1"),
    (0x6781, "c.mop.15"), (0xFFFFFFFF, ".insn 0xffffffff"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_disassembly_of(bits, text):
    assert line(retire(bits=bits))[42:].strip() == text


def test_a_double_trap_is_marked_behind_the_name_of_what_happened():
    text = line(retire(mode=Mode.HS, mode_after=Mode.M, trapped=1, double=1, code=13, tval=0x40, next_pc=0x8000_0100))
    assert text.endswith("trap HS->M 13 load_page_fault double tval=0x40 to 0x80000100")
