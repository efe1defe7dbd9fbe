"""Memory by virtual and guest-physical addresses is what the core itself finds there."""

from dataclasses import replace

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.sim.machine import Machine
from hyacinth.sim.translation import Unmapped, translate
from hyacinth.sw.build import build, cache_directory, programs
from hyacinth.sw.hypervisor.build import build_demo

SPACE = {0: "va", 1: "va", 3: "hpa", 4: "gva", 5: "gva"}
"""By the mode of a Retire record."""


def agree(machine, cycles, stride):
    """Compares the bits of instructions with memory at their pc, and stores with what is there then.

    Returns how many were compared in each mode.
    """
    seen = {}
    while machine.exit_code is None and machine.cycle < cycles:
        machine.run(stride)
        machine.step()                          # from now on it is known where the hart is
        if machine.exit_code is not None:
            break
        pc, mode = machine.pc, machine.last_record.mode_after
        try:
            fetched = machine.read(pc, 2, SPACE[mode])
        except Unmapped:
            fetched = None
        machine.step()
        record = machine.last_record
        if record.pc == pc and not record.trapped and record.mode == mode:
            assert fetched == (record.bits & 0xffff).to_bytes(2, "little"), (hex(pc), mode)
            seen[mode] = seen.get(mode, 0) + 1
            if record.memory in (2, 3) and not record.device and not record.hpa_next:
                stored = machine.read(record.hpa, 1 << record.size)
                assert stored == (record.data & (1 << (8 << record.size)) - 1).to_bytes(1 << record.size, "little")
    return seen


def test_what_the_hypervisor_and_its_guests_execute_is_found_at_their_addresses():
    with Machine(memory=16 << 20) as machine:
        machine.load(build_demo(cache_directory() / "demo"))
        seen = agree(machine, 1_300_000, 1_700)
    assert {1, 4, 5} <= set(seen) and all(count > 5 for count in seen.values()), seen


@pytest.mark.parametrize("word", ("superpages", "every_page_size", "64_kib"))
def test_pages_of_every_size_are_found(word):
    with Machine(memory=16 << 20) as machine:
        machine.load(build(programs(word)[0]))
        assert sum(agree(machine, 400_000, 300).values()) > 20


def test_an_address_that_leads_nowhere_is_an_error_that_says_where_it_ends():
    with Machine(memory=16 << 20) as machine:
        machine.load(build_demo(cache_directory() / "demo"))
        while not (machine.csr("vsatp") >> 60 and machine.csr("hgatp") >> 60):
            machine.run(10_000)
        for address, space, said in ((0x7f_0000_0000, "gva", "is no address of Sv39 .vsatp"),
                                     (0x3f_ffff_f000, "gva", "no page .vsatp"),
                                     (0x1_0000_0000, "gpa", "no page .hgatp"),
                                     (1 << 41, "gpa", "is no address of Sv39x4 .hgatp")):
            with pytest.raises(Unmapped, match=said):
                machine.read(address, 1, space)
        with pytest.raises(ValueError, match="'ipa' is no space of addresses; give one of hpa, gpa, va, gva"):
            translate(machine, 0, "ipa")
        where = machine.csr("vstvec")
        machine.write(where, b"four", "gva")
        assert machine.read(where, 4, "gva") == b"four"


def test_a_core_without_h_has_no_guests_addresses():
    with Machine(replace(FULL, hypervisor=False, geilen=0), memory=16 << 20) as machine:
        with pytest.raises(ValueError, match="needs the H extension"):
            machine.read(0, 1, "gpa")
