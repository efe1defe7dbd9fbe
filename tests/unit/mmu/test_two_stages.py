"""Random page tables of every pair of schemes, with random damage, against the reference: cold, and warm at each level.

If this fails, look at test_faults.py first: there each rule has a test of its own.
"""

import random
from contextlib import suppress
from itertools import product

import pytest
from unit.mmu.harness import RAM, Guest, run
from unit.mmu.model import IO, LEVELS, NC, PPN_SHIFT, A, Access, D, G, N, R, Refused, U, V, W, X

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import FenceKind, Reach

AGES = (A | D, A | D, A, D, 0)
"""A and D of the entries of a page."""
NAPOT = N | 8 << PPN_SHIFT
FLAGS = (R | W | X, R | W | X, R | W | X, R, X, R | X, R | W)
SWITCHES = ("adue", "vs_adue", "pbmte", "vs_pbmte")
NAMES = {0: "bare", 8: "sv39", 9: "sv48", 10: "sv57"}


def pages(chooser, guest, count):
    """`count` pages that both stages map, each at a random level: a virtual address, and where its entries lie."""
    result = []
    for n in range(count):
        vs_levels, g_levels = LEVELS[guest.vs_mode], LEVELS[guest.g_mode]
        vs_level, g_level = chooser.randrange(vs_levels), chooser.randrange(g_levels)
        pa = RAM + 0x4000_0000 + chooser.randrange(0x3000_0000)
        mask = (1 << 12 + 9 * g_level) - 1
        # Root entries of their own: 20 holds the tables of Sv39, 0 those of the others.
        root = 21 + 7 * n + chooser.randrange(7)
        gpa = root << 12 + 9 * (g_levels - 1) | chooser.getrandbits(12 + 9 * (g_levels - 1)) & ~mask | pa & mask
        user, types = chooser.choice((0, U)), (0, 0, NC, IO)
        napots = [NAPOT if level == 0 and chooser.randrange(2) else 0 for level in (vs_level, g_level)]
        if any(napots):
            pa, gpa = pa & ~0xFFFF, gpa & ~0xFFFF
        places = guest.map_guest(gpa & ~mask, pa & ~mask, g_level, V | U | napots[1] | chooser.choice(AGES)
                                 | chooser.choice(types) | chooser.choice(FLAGS))
        mask = (1 << 12 + 9 * vs_level) - 1
        va = n << 12 + 9 * (vs_levels - 1) | chooser.getrandbits(12 + 9 * (vs_levels - 1)) & ~mask | gpa & mask
        if n % 2:
            va |= -1 << 11 + 9 * vs_levels  # the upper half
        va %= 1 << 64
        places += guest.map(va & ~mask, gpa & ~mask, vs_level, V | user | napots[0] | chooser.choice(AGES)
                            | chooser.choice(types) | chooser.choice(FLAGS))
        result.append((va, places))
    return result


def access(chooser, va, modes):
    reach, size = chooser.choice(list(Reach)), chooser.randrange(4)
    if reach == Reach.FETCH:
        size = 1
    mode, bit = chooser.choice(modes), lambda: chooser.randrange(2)
    virtual = mode >= Mode.VU
    return Access(va & -1 << size, mode, reach, hlvx=reach == Reach.LOAD and virtual and chooser.random() < 0.2,
                  sum=bit(), mxr=bit(), vs_mxr=virtual and bit(), size=size)


def allowed_access(chooser, va, modes, machine):
    """A random access, more often than not one that is allowed."""
    for _ in range(4):
        asked = access(chooser, va, modes)
        with suppress(Refused):
            machine.apart().translate(asked)
            break
    return asked


def damage(chooser, pte):
    """`pte` with one thing changed."""
    kind = chooser.randrange(8)
    if kind < 3:
        return pte ^ 1 << chooser.randrange(8)
    if kind == 3:
        return pte ^ 1 << chooser.randrange(54, 64)
    if kind == 6:
        return pte & ~chooser.choice((A, D, A | D))
    if kind == 7:
        return pte ^ chooser.choice((NC, IO, NC | IO, N, 8 << PPN_SHIFT)) ^ chooser.choice((0, A, A | D))
    if kind == 4:
        return pte ^ 1 << chooser.randrange(10, 54)
    return pte & ~(R | W | X) | chooser.randrange(8) * R


@pytest.mark.parametrize("vs_mode,g_mode", list(product((8, 9, 10), repeat=2)),
                         ids=lambda mode: NAMES[mode])
def test_what_the_mmu_says_depends_on_the_tables_alone(vs_mode, g_mode):
    chooser = random.Random(100 * vs_mode + g_mode)
    guest = Guest(vs_mode, g_mode)
    mapped, memory = pages(chooser, guest, 5), guest.machine.memory
    for name in SWITCHES:
        setattr(guest.machine, name, 1)

    async def scenario(player):
        for _ in range(6):
            va, _ = chooser.choice(mapped)
            asked = allowed_access(chooser, va, (Mode.VS, Mode.VU), guest.machine)
            await player.cold(asked)
            await player.check(asked)
            await player.flush_first()
            await player.check(asked)
            for _ in range(3):
                await player.check(allowed_access(chooser, va, (Mode.VS, Mode.VU), guest.machine))
        for _ in range(24):
            for name in SWITCHES:
                setattr(guest.machine, name, int(chooser.random() < 0.8))
            va, places = chooser.choice(mapped)
            place = chooser.choice(places)
            kept, memory[place] = memory[place], damage(chooser, memory[place])
            await player.flush_all()
            asked = access(chooser, va, (Mode.VS, Mode.VU))
            await player.check(asked)
            await player.check(asked)
            memory[place] = kept
    stats = run(scenario, guest.machine, seed=vs_mode * g_mode)
    assert stats.keys() >= {"first", "second", "shortened", "fault"}, stats


@pytest.mark.rule("satp_op", "satp_mode_op")
@pytest.mark.parametrize("mode", (8, 9, 10), ids=lambda mode: NAMES[mode])
def test_a_single_stage_is_translated_as_the_manual_says(mode):
    chooser = random.Random(mode)
    guest = Guest(mode, 10)  # for its builder alone: tables at physical addresses, one stage
    machine, tables = guest.machine, guest.tables
    root, addresses, places = tables.page(), [], []
    machine.satp = mode, 7, root >> 12
    levels = LEVELS[mode]
    for n in range(6):
        level = chooser.randrange(levels)
        mask = (1 << 12 + 9 * level) - 1
        pa = RAM + 0x4000_0000 + chooser.randrange(0x3000_0000)
        va = n << 12 + 9 * (levels - 1) | chooser.getrandbits(12 + 9 * (levels - 1)) & ~mask | pa & mask
        va = (va | (-1 << 11 + 9 * levels if n % 2 else 0)) % (1 << 64)
        flags = V | chooser.choice(AGES) | chooser.choice((0, U, G)) | chooser.choice(FLAGS)
        flags |= chooser.choice((0, NC, IO))
        if level == 0 and n % 2:
            pa, va, flags = pa & ~0xFFFF, va & ~0xFFFF, flags | NAPOT
        places += tables.place(mode, root, va & ~mask, level, (pa & ~mask) >> 2 | flags)
        addresses.append(va)
    machine.adue = machine.pbmte = 1
    memory, modes = machine.memory, (Mode.HS, Mode.U, Mode.M)

    async def scenario(player):
        for va in addresses:
            for _ in range(2):
                for _ in range(6):
                    await player.check(allowed_access(chooser, va, modes, machine))
                await player.flush_first()
        for _ in range(60):
            place = chooser.choice(places)
            kept, memory[place] = memory[place], damage(chooser, memory[place])
            await player.fence(FenceKind.ALL)
            asked = access(chooser, chooser.choice(addresses), modes)
            await player.check(asked)
            await player.check(asked)
            memory[place] = kept
        await player.fence(FenceKind.ALL)
        for va in addresses:  # one bit of the address is changed: out of range, or another page
            bit = chooser.randrange(12, 64)
            await player.check(Access(va & -8 ^ 1 << bit))
    stats = run(scenario, machine, seed=mode)
    assert stats.keys() >= {"first", "second", "shortened", "fault"}, stats
