"""One page of a guest, its entries, and what becomes of accesses to it."""

from unit.mmu.harness import Guest, run
from unit.mmu.model import A, Access, D, R, U, V, W, X

from hyacinth.rtl.isa.modes import Mode

# The same within 1 GiB, so that superpages of every size map them to each other.
PA, GPA, VA = 0x8123_4000, 0x3_0123_4000, 0x12_0123_4000
FULL = V | R | W | X | A | D


def at(offset=0, **how):
    return Access(VA + offset, **{"mode": Mode.VS} | how)


def guest_with(flags=FULL, g_flags=FULL | U, *, modes=(8, 8), levels=(0, 0), gpa=GPA):
    """A guest in which VA is at `gpa`, and that at PA; `.leaf` and `.g_leaf` are where those entries lie."""
    guest = Guest(*modes)
    vs_mask, g_mask = ((1 << 12 + 9 * level) - 1 for level in levels)
    *_, guest.g_leaf = guest.map_guest(gpa & ~g_mask, PA & ~g_mask, levels[1], g_flags)
    guest.places = guest.map(VA & ~vs_mask, gpa & ~vs_mask, levels[0], flags)
    guest.leaf = guest.places[-1]
    return guest


def outcomes(guest, *accesses, between=None, machine=None, **config):
    """What becomes of the accesses, made one after another and compared with the reference: a PA, or a fault."""
    results = []
    machine = machine or guest.machine

    async def scenario(player):
        for access in accesses:
            await player.check(access)
            page, fault = player.expect(access)
            results.append(page[0] if page else fault)
            if between:
                await between(player)
    run(scenario, machine, **config)
    return results
