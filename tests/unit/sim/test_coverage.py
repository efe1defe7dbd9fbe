"""Coverage: what is in the records becomes the right bins, nothing else does, and what stands is shown as it stands."""

import json
import re

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.isa.causes import Cause, Interrupt
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.refusal import Refusal
from hyacinth.sim.campaign.records import Records
from hyacinth.sim.cli import main
from hyacinth.sim.coverage import words
from hyacinth.sim.coverage.collector import Collector
from hyacinth.sim.coverage.crosses import AFTER, CSR, FENCE, INSTRUCTION, INTERRUPT, REFUSAL, TRAP, crosses
from hyacinth.sim.coverage.page import page
from hyacinth.sim.coverage.standing import OtherTable, Standing, pack, unpack
from hyacinth.sim.lockstep.assembler import Code, csr, op
from hyacinth.sim.machine import Machine
from hyacinth.sim.records import RETIRE, RETIRE_FIELDS, WALK, WALK_FIELDS

NOP, LEAF, POINTER = op("addi"), 0xcf, 0x01
CONFIGS = pytest.mark.parametrize("config", [FULL, SMALL, NO_H], ids=["full", "small", "no-h"])


def retired(*changes):
    """Retire records, one a cycle but where `cycle` is given."""
    batch = b""
    for n, fields in enumerate(changes):
        assert not fields.keys() - set(RETIRE_FIELDS)
        mode = fields.get("mode", Mode.M)
        batch += RETIRE.pack(*(({"cycle": n, "bits": NOP, "mode": mode, "mode_after": mode} | fields).get(name, 0)
                               for name in RETIRE_FIELDS))
    return batch


def walked(*changes):
    """Steps of the walker."""
    assert all(not fields.keys() - set(WALK_FIELDS) for fields in changes)
    return b"".join(WALK.pack(*(fields.get(name, 0) for name in WALK_FIELDS)) for fields in changes)


def bins(records, steps=(), config=FULL):
    """What a collector finds in them."""
    collector = Collector(config)
    collector.walked(walked(*steps))
    collector.retired(retired(*records))
    return set(collector.bins())


def test_a_trap_is_a_mode_a_cause_and_who_takes_it():
    assert bins([
        {"mode": Mode.VU, "mode_after": Mode.VS, "trapped": 1, "code": Cause.BREAKPOINT},
        {"mode": Mode.VS, "mode_after": Mode.HS, "trapped": 1, "interrupt": 1, "code": Interrupt.VSEI},
        {"mode": Mode.HS, "mode_after": Mode.M, "trapped": 1, "double": 1, "code": Cause.ECALL_HS},
    ]) == {(TRAP, ("VU", "BREAKPOINT", "VS")), (INTERRUPT, ("VS", "VSEI", "HS")),
           (TRAP, ("HS", "ECALL_HS", "M, double"))}


def test_instructions_that_retire_elsewhere_are_no_bins():
    assert bins([{}, {"bits": op("add")}, {"bits": op("fence")}, {"bits": 0x8073}]) == set()


def test_a_csr_instruction_reads_writes_or_traps():
    read, write = csr("csrrs", 0x100, d=5), csr("csrrw", 0x100, s=5)
    trap = {"trapped": 1, "mode_after": Mode.M}
    assert bins([
        {"bits": read}, {"bits": write, "writes_csr": 1, "csr": 0x100},
        {"bits": read, "mode": Mode.U, "code": Cause.ILLEGAL_INSTRUCTION} | trap,
        {"bits": read, "mode": Mode.VU, "code": Cause.VIRTUAL_INSTRUCTION} | trap,
    ]) == {(CSR, ("sstatus", "M", "read")), (CSR, ("sstatus", "M", "write")), (CSR, ("sstatus", "U", "illegal")),
           (CSR, ("sstatus", "VU", "virtual")), (TRAP, ("U", "ILLEGAL_INSTRUCTION", "M")),
           (TRAP, ("VU", "VIRTUAL_INSTRUCTION", "M"))}


def test_what_an_interrupt_keeps_from_being_executed_is_no_bin():
    trap = {"trapped": 1, "interrupt": 1, "mode": Mode.U, "mode_after": Mode.M, "code": Interrupt.MTI}
    assert bins([trap | {"bits": csr("csrrs", 0x100)}]) == {(INTERRUPT, ("U", "MTI", "M"))}
    assert bins([trap | {"bits": op("sfence.vma"), "interrupt": 0, "code": Cause.INSTRUCTION_PAGE_FAULT}]) == {
        (TRAP, ("U", "INSTRUCTION_PAGE_FAULT", "M"))}


@pytest.mark.parametrize("name, expected", [
    ("mret", "mret"), ("cbo.clean", "cbo.clean"), ("hlv.bu", "HLV"), ("hlvx.wu", "HLVX"), ("hsv.d", "HSV"),
    ("wrs.nto", "wrs.nto"), ("sfence.w.inval", "sfence.w.inval")])
def test_privileged_instructions_are_known_by_name(name, expected):
    assert bins([{"bits": op(name, s=3, d=4, t=5), "mode": Mode.HS}]) == {(INSTRUCTION, (expected, "HS", "done"))}


def test_a_fence_is_known_with_the_form_of_its_operands():
    assert bins([{"bits": op("hinval.gvma", s=3), "mode": Mode.HS}]) == {
        (FENCE, ("hinval.gvma", "register", "x0", "HS", "done"))}


# Refusals: the last step of a walk, and a trap with its cause at its address.

PAGE_FAULT = {"mode": Mode.VS, "mode_after": Mode.HS, "trapped": 1, "code": Cause.LOAD_PAGE_FAULT, "tval": 0x5008,
              "cycle": 20}
GUEST_FAULT = PAGE_FAULT | {"code": Cause.LOAD_GUEST_PAGE_FAULT}
ACCESS_FAULT = PAGE_FAULT | {"code": Cause.LOAD_ACCESS_FAULT}
END = {"cycle": 10, "va": 0x5000, "context_mode": Mode.VS, "last": 1}


def refusals(record, *steps):
    """The refusals among the bins, without mode, access and target, which are the record's."""
    return [each[2:-1] for name, each in bins([record], steps) if name == REFUSAL]


@pytest.mark.parametrize("record, fields, expected", [
    (PAGE_FAULT, {"level": 2, "reason": Refusal.USER}, ("VS", "level 2", "USER")),
    (PAGE_FAULT | {"mode": Mode.HS}, {"level": 0, "reason": Refusal.DIRTY, "context_mode": Mode.HS},
     ("one", "level 0", "DIRTY")),
    (GUEST_FAULT, {"g_stage": 1, "level": 1, "reason": Refusal.ACCESSED}, ("G", "level 1", "ACCESSED")),
    (GUEST_FAULT, {"g_stage": 1, "implicit": 1, "reason": Refusal.INVALID}, ("G of a table", "level 0", "INVALID")),
    (GUEST_FAULT, {"g_stage": 1, "implicit": 1, "writes": 1, "reason": Refusal.PERMISSION},
     ("G of a table's update", "level 0", "PERMISSION")),
])
def test_a_refusal_is_a_stage_a_level_and_a_reason(record, fields, expected):
    assert refusals(record, END | {"cause": record["code"]} | fields) == [expected]


def test_a_trap_of_a_guest_is_not_of_a_walk_for_its_host():
    assert refusals(ACCESS_FAULT, END | {"cause": Cause.LOAD_ACCESS_FAULT, "context_mode": Mode.HS}) == []


@pytest.mark.parametrize("gva, expected", [(0, []), (1, [("VS", "level 0", "PROTECTION")])])
def test_a_trap_of_a_host_is_of_a_walk_for_its_guest_if_the_address_is_the_guests(gva, expected):
    record = ACCESS_FAULT | {"mode": Mode.HS, "gva_valid": gva}
    assert refusals(record, END | {"cause": Cause.LOAD_ACCESS_FAULT, "reason": Refusal.PROTECTION}) == expected


@pytest.mark.parametrize("before, last, expected", [
    ({"pte": LEAF}, {}, ("VS", "page", "PROTECTION")),
    ({"pte": POINTER, "level": 1}, {"level": 0}, ("VS", "level 0", "PROTECTION")),
    ({"pte": LEAF, "g_stage": 1, "implicit": 1}, {"level": 1}, ("VS", "level 1", "PROTECTION")),
    ({"pte": LEAF, "g_stage": 1}, {"g_stage": 1}, ("G", "page", "PROTECTION")),
    ({"pte": LEAF}, {"g_stage": 1, "level": 4}, ("G", "level 4", "PROTECTION")),
    ({"pte": LEAF, "updates": 1, "level": 2}, {"level": 2}, ("VS", "level 2", "UPDATE")),
    (None, {"first": 1, "hpa": 0x5000}, ("none", "page", "PROTECTION")),
    (None, {"first": 1, "hpa": 0x8000_0028, "level": 2}, ("VS", "level 2", "PROTECTION")),
])
def test_protection_refuses_a_table_its_update_or_the_page(before, last, expected):
    steps = [END | {"reason": Refusal.PROTECTION, "cause": Cause.LOAD_ACCESS_FAULT} | last]
    if before:
        steps.insert(0, {"cycle": 9, "va": 0x5000} | before)
    assert refusals(ACCESS_FAULT, *steps) == [expected]
    # The step before may have come with the batch before.
    collector = Collector(FULL)
    for step in steps:
        collector.walked(walked(step))
    collector.retired(retired(ACCESS_FAULT))
    assert {each[2:-1] for name, each in collector.bins() if name == REFUSAL} == {expected}


def test_a_refusal_belongs_to_the_trap_at_its_address_after_it():
    walk = END | {"reason": Refusal.USER, "cause": Cause.LOAD_PAGE_FAULT}
    assert refusals(PAGE_FAULT | {"tval": 0x6000}, walk) == []
    assert refusals(PAGE_FAULT | {"code": Cause.STORE_PAGE_FAULT}, walk) == []
    assert refusals(PAGE_FAULT | {"cycle": 9}, walk) == []
    assert refusals(PAGE_FAULT, walk, walk | {"cycle": 15, "reason": Refusal.INVALID}) == [("VS", "level 0", "INVALID")]


@pytest.mark.parametrize("bits, code, access", [
    (op("ld"), Cause.LOAD_PAGE_FAULT, "load"), (op("lr.d"), Cause.LOAD_PAGE_FAULT, "load"),
    (op("amoadd.d"), Cause.STORE_PAGE_FAULT, "store"), (op("cbo.zero"), Cause.STORE_PAGE_FAULT, "store"),
    (op("cbo.flush"), Cause.STORE_PAGE_FAULT, "block"), (op("hlv.d"), Cause.LOAD_PAGE_FAULT, "HLV"),
    (op("hlvx.hu"), Cause.LOAD_PAGE_FAULT, "HLVX"), (op("hsv.b"), Cause.STORE_PAGE_FAULT, "HSV"),
    (op("hsv.b"), Cause.INSTRUCTION_PAGE_FAULT, "fetch"), (0, Cause.INSTRUCTION_PAGE_FAULT, "fetch")])
def test_an_access_is_known_by_its_instruction(bits, code, access):
    record = PAGE_FAULT | {"mode": Mode.HS, "bits": bits, "code": code, "gva_valid": 1}
    found = bins([record], [END | {"reason": Refusal.USER, "cause": code}])
    assert [each[1] for name, each in found if name == REFUSAL] == [access]


# Fences: a page that is reached before and after.

HS = {"mode": Mode.HS, "mode_after": Mode.HS}
LOAD = HS | {"bits": op("ld", s=1), "memory": 1, "gva": 0x5000}


def setting(register, value):
    """An instruction that leaves a value in a register."""
    return HS | {"writes_rd": 1, "rd": register, "rd_value": value}


def after(*records, steps=()):
    """What became of translations."""
    return {each for name, each in bins(records, steps) if name == AFTER}


def test_a_page_that_is_walked_again_between_fence_and_access_was_gone():
    fence = HS | {"bits": op("sfence.vma")}
    again = {"va": 0x5010, "last": 1}
    assert after(LOAD, fence, LOAD) == {("sfence.vma", "x0", "x0", "one stage", "kept")}
    for fetch in (0, 1):  # the second-level TLB is that of both
        assert after(LOAD, fence, LOAD, steps=[again | {"cycle": 2, "fetch": fetch}]) == {
            ("sfence.vma", "x0", "x0", "one stage", "walked again")}
    assert after(LOAD, fence, LOAD, steps=[again | {"cycle": 1}, again | {"cycle": 2, "va": 0x6000}]) == {
        ("sfence.vma", "x0", "x0", "one stage", "kept")}


def test_operands_of_a_fence_name_the_page_and_the_address_space_or_others():
    satp = HS | {"bits": csr("csrrw", 0x180, s=1), "writes_csr": 1, "csr": 0x180, "csr_value": 9 << 60 | 7 << 44}
    fence = HS | {"bits": op("sfence.vma", s=3, t=4)}
    for address, number, expected in ((0x5fff, 7, ("its page", "its ID")), (0x6000, 8, ("another page", "another ID"))):
        found = after(satp, setting(3, address), setting(4, number), LOAD, fence, LOAD)
        assert found == {("sfence.vma", *expected, "one stage", "kept")}
    assert after(LOAD, HS | {"bits": op("sfence.vma", s=3)}, LOAD) == set(), "nobody knows what x3 held"


def test_a_guest_is_reached_by_hlv_or_from_within():
    hlv, guest = LOAD | {"bits": op("hlv.d", s=1)}, {"mode": Mode.VS, "mode_after": Mode.VS}
    assert after(hlv, HS | {"bits": op("hfence.vvma")}, hlv, LOAD) == {
        ("hfence.vvma", "x0", "x0", "a guest", "kept")}
    assert after(LOAD | guest, {"bits": op("sinval.vma")} | guest, LOAD | guest) == {
        ("sinval.vma", "x0", "x0", "the guest that fences", "kept")}


@pytest.mark.parametrize("between", [
    HS | {"bits": op("sfence.vma")}, {"mode": Mode.U, "mode_after": Mode.U},
    HS | {"bits": csr("csrrw", 0x180), "writes_csr": 1}, HS | {"trapped": 1, "code": 3}])
def test_nothing_is_said_where_more_than_the_fence_came_between(between):
    assert after(LOAD, between, HS | {"bits": op("hfence.vvma")}, LOAD) == set()


# Tables, and what stands.

@CONFIGS
def test_each_bin_can_be_met_or_has_a_reason(config):
    for cross in crosses(config).values():
        assert cross.reachable and all(len(each) == len(cross.columns) for each in cross.bins)
        assert all(reason == "" or reason[0].islower() or reason[0] in "MHSD" for reason in cross.bins.values())
    if not config.hypervisor:
        flat = {word for cross in crosses(config).values() for each in cross.reachable for word in each}
        assert not flat & {"VS", "VU", "HLV", words.G, "VSEI", "hstatus", "VIRTUAL_INSTRUCTION"}


def test_what_guards_a_csr_decides_its_outcomes():
    def outcomes(name, mode):
        return {each[2] for each in crosses(FULL)[CSR].reachable if each[:2] == (name, mode)}

    assert outcomes("sscratch", "VU") == {"virtual"} and outcomes("mscratch", "VU") == {"illegal"}
    assert outcomes("satp", "HS") == {"read", "write", "illegal"} and outcomes("satp", "VS") == {
        "read", "write", "virtual"}
    assert outcomes("cycle", "M") == {"read", "illegal"} and outcomes("cycle", "VU") == {"read", "illegal", "virtual"}
    assert outcomes("mireg", "M") == {"illegal"}
    assert set(table(FULL)) == {each[0] for each in crosses(FULL)[CSR].bins}


SOME = {(TRAP, ("U", "ECALL_U", "M")), (CSR, ("satp", "HS", "read")), (AFTER, (
    "sfence.vma", "x0", "x0", "one stage", "walked again"))}
IMPOSSIBLE = TRAP, ("U", "ECALL_M", "M")


@CONFIGS
def test_what_was_met_is_packed_and_unpacked(config):
    packed = json.loads(json.dumps(pack(SOME | {IMPOSSIBLE}, config)))
    assert set(unpack(packed, config)) == SOME | {IMPOSSIBLE}
    with pytest.raises(OtherTable):
        unpack(packed | {"table": "another"}, config)


def test_a_standing_knows_first_meetings_holes_and_what_cannot_be():
    standing = Standing(FULL)
    assert standing.add("one", SOME) == 3 and standing.add("two", SOME | {IMPOSSIBLE}) == 0
    assert set(standing.first.values()) == {"one"} and set(standing.counts.values()) == {2}
    assert standing.surprises == {IMPOSSIBLE: "two"} and standing.reason(IMPOSSIBLE) == "an ECALL of another mode"
    assert not standing.holes() & SOME and len(standing.holes()) == sum(
        len(cross.reachable) for cross in standing.crosses.values()) - 3


def test_the_page_has_a_cell_for_each_bin():
    standing = Standing(NO_H)
    standing.add("a <program>", SOME | {IMPOSSIBLE})
    text = page(standing)
    assert text.count('class="m"') == 3 and text.count('class="h"') == len(standing.holes())
    assert text.count('class="s"') == 1 and "a &lt;program&gt;, 1 runs" in text
    assert set(re.findall(r'<h2 id="([^"]*)"', text)) == set(standing.crosses)


# The command.

def campaign(folder, *more):
    """The records of a campaign, with what it met."""
    records = Records(folder)
    records.add({"key": "seed 1 full latency 20", "seed": 1, "core": "full", "compared": 1, "modes": {},
                 "coverage": pack(SOME, FULL)})
    for n, change in enumerate(more):
        records.add({"key": f"other {n}", "core": "full", "compared": 1, "modes": {}} | change)


def test_the_command_reads_a_campaign(tmp_path, capsys):
    campaign(tmp_path, {"core": "small"}, {}, {"coverage": {"table": "of old", "met": ""}})
    assert main(["coverage", "--folder", str(tmp_path), "--html", str(tmp_path / "page.html"), "--unreachable",
                 "--holes", "3"]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"^CSRs +\d+ +1 ", out, re.MULTILINE) and "  and 197 more: --holes 200" in out
    assert "an ECALL of another mode" in out and (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert "of 2 programs it is not known" in " ".join(err.split())


def test_the_command_gives_everything_as_json(tmp_path, capsys):
    campaign(tmp_path)
    assert main(["coverage", "--folder", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[TRAP]["first"] == [["U", "ECALL_U", "M", "seed 1 full latency 20"]]
    assert len(found[TRAP]["holes"]) == found[TRAP]["reachable"] - 1


def test_what_cannot_be_met_and_was_is_a_failure(tmp_path, capsys):
    campaign(tmp_path, {"coverage": pack({IMPOSSIBLE}, FULL)})
    assert main(["coverage", "--folder", str(tmp_path)]) == 1
    assert "U, ECALL_M, M was met by other 0, though an ECALL of another mode" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, message", [
    (["--folder", "nowhere"], "no such folder"), (["nothing.elf"], "nothing.elf"), (["--html", "no/where"], "no/where"),
    (["--random", "-1"], "negative")])
def test_bad_input_is_one_line(arguments, message, capsys):
    assert main(["coverage", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err and err.strip().count("\n") == 0


def test_a_program_on_the_core_meets_what_it_does():
    code = Code(0x8000_0000)
    code.load_address(5, "handler")
    code.add(csr("csrrw", 0x305, s=5), csr("csrrs", 0x340, d=6), csr("csrrsi", 0xc00, i=1), op("sfence.vma", s=5),
             op("mret"))
    code.align(4)
    code.label("handler")
    code.add(op("jal"))
    collector = Collector(FULL)
    with Machine(FULL, memory=16 << 20) as machine:
        machine.load_segments([(0x8000_0000, code.contents())], 0x8000_0000)
        machine.raw_watchers.append(collector.retired)
        machine.raw_walk_watchers.append(collector.walked)
        machine.run(2000)
    found = set(collector.bins())
    assert {(CSR, ("mtvec", "M", "write")), (CSR, ("mscratch", "M", "read")), (CSR, ("cycle", "M", "illegal")),
            (TRAP, ("M", "ILLEGAL_INSTRUCTION", "M"))} <= found
    assert not any(Standing(FULL).reason(each) for each in found)
