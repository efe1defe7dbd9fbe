"""The first-level TLB alone, against a list of what was put in: it may forget, but never say what is not so."""

import random
from itertools import product

import pytest
from testbench import Bench, assert_exports, truth_table

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.permissions import Asked, Grants, Rights, allowed, asked, granted, grants_allow
from hyacinth.rtl.mmu.tlb import Tlb, ppn_within
from hyacinth.rtl.payloads import Context, Reach

BITS = (0, 1)
ALL = {"s_r": 1, "s_w": 1, "s_x": 1, "s_u": 0, "s_off": 0, "g_r": 1, "g_w": 1, "g_x": 1, "p_r": 1, "p_w": 1, "p_x": 1}
LOAD = {"mode": Mode.HS, "reach": Reach.LOAD, "hlvx": 0, "sum": 0, "mxr": 0, "vs_mxr": 0}
PAGE, KERNEL = 0x12_0123_4000, 0xFFFF_FFD6_0123_4000


@pytest.mark.parametrize("entries, va_bits", ((1, 57), (2, 39), (5, 48), (8, 57)))
def test_it_exports(entries, va_bits):
    assert_exports(Tlb(entries, va_bits))


def entry(va, *, ppn=0x8_0000, level=0, v=0, machine=0, **rights):
    return {"vpn": va >> 12, "level": level, "v": v, "machine": machine,
            "page": {"ppn": ppn, "cacheable": 1, "memory": 1}, "rights": ALL | rights}


def run(scenario, entries=4, va_bits=57):
    dut = Tlb(entries, va_bits)

    async def process(ctx):
        async def install(what, flush=0):
            ctx.set(dut.entry, what)
            ctx.set(dut.install, 1)
            ctx.set(dut.flush, flush)
            await ctx.tick()
            ctx.set(dut.install, 0)
            ctx.set(dut.flush, 0)

        def look(va, **context):
            """The PPN of the page, or None."""
            ctx.set(dut.lookup.va, va)
            ctx.set(dut.lookup.context, LOAD | context)
            return ctx.get(dut.lookup.page.ppn) if ctx.get(dut.lookup.hit) else None
        await scenario(install, look)
    Bench(dut, deadline=20_000).run(process)


def test_grants_of_the_rights_and_what_a_context_asks_of_them_allow_what_the_rule_of_permission_does():
    contexts = [dict(zip(LOAD, values, strict=True)) for values in product(Mode, Reach, BITS, BITS, BITS, BITS)]
    chance = random.Random(1)
    rows = [(context, {name: chance.randrange(4) > 0 for name in ALL}) for context in contexts for _ in range(24)]
    expected = truth_table(allowed, [Context, Rights], rows)
    assert {*expected} == {0, 1}
    asks = truth_table(asked, [Context], [row[:1] for row in rows])
    grants = truth_table(granted, [Rights], [row[1:] for row in rows])
    rows = [(Asked.from_bits(ask), Grants.from_bits(grant)) for ask, grant in zip(asks, grants, strict=True)]
    assert truth_table(grants_allow, [Asked, Grants], rows) == expected


def test_a_piece_of_a_page_has_its_own_bits_below_the_size_of_the_page():
    chance = random.Random(2)
    rows = [(chance.getrandbits(44), chance.getrandbits(52), level) for level in range(3) for _ in range(20)]
    assert truth_table(ppn_within, (44, 52, 2), rows) == [
        ppn >> 9 * level << 9 * level | number & (1 << 9 * level) - 1 for ppn, number, level in rows]


@pytest.mark.parametrize("va_bits, pages", ((57, (PAGE, KERNEL)), (39, (0x123_4567_8000, (1 << 64) - (1 << 36)))))
def test_an_address_that_differs_in_any_one_bit_of_the_page_number_or_in_all_above_one_does_not_hit(va_bits, pages):
    async def scenario(install, look):
        for va in pages:
            await install(entry(va))
            assert look(va) == 0x8_0000
            assert all(look(va ^ 1 << bit) is None for bit in range(12, 64))
            assert all(look(va ^ (1 << 64) - (1 << bit)) is None for bit in range(12, 64))
    run(scenario, va_bits=va_bits)


@pytest.mark.parametrize("level", range(3))
def test_a_page_hits_throughout_its_size_and_not_beyond(level):
    async def scenario(install, look):
        size = 1 << 12 + 9 * level
        for start in (1 << 40, -1 << 40 & (1 << 64) - 1):
            await install(entry(start, level=level, ppn=1 << 18))
            for offset in (0, size // 2, size - 1):
                assert look(start + offset) == (1 << 18) + (offset >> 12)
            assert look(start + size) is None and look(start - 1 & (1 << 64) - 1) is None
    run(scenario)


def test_a_page_is_known_for_its_own_v_and_machine_alone_and_each_may_have_one_of_its_own():
    async def scenario(install, look):
        modes = (Mode.HS, 0, 0), (Mode.VS, 1, 0), (Mode.M, 0, 1)
        for n, (_, v, machine) in enumerate(modes):
            await install(entry(PAGE, v=v, machine=machine, ppn=n, s_off=1))
            assert [look(PAGE, mode=mode) for mode, *_ in modes] == [m if m <= n else None for m in range(3)]
    run(scenario)


def test_what_the_rights_do_not_allow_does_not_hit():
    async def scenario(install, look):
        await install(entry(PAGE, p_w=0, s_x=0))
        assert look(PAGE) is not None
        assert look(PAGE, reach=Reach.STORE) is None and look(PAGE, reach=Reach.FETCH) is None
        assert look(PAGE, mode=Mode.U) is None
    run(scenario)


@pytest.mark.rule("mstatus_sum_op_no-vm")
@pytest.mark.parametrize("s_u", BITS)
def test_sum_and_u_say_nothing_where_the_first_stage_is_off(s_u):
    async def scenario(install, look):
        await install(entry(PAGE, s_off=1, s_u=s_u))
        for mode, sum_ in product((Mode.HS, Mode.U), BITS):
            assert look(PAGE, mode=mode, sum=sum_) is not None
    run(scenario)


@pytest.mark.rule("sfence_vma_sum_mxr_effect")
def test_sum_and_mxr_count_at_once_for_a_page_that_is_known():
    async def scenario(install, look):
        await install(entry(PAGE, s_u=1, s_r=0))
        for sum_, mxr, vs_mxr in (*product(BITS, BITS, BITS), (0, 0, 0)):
            assert (look(PAGE, sum=sum_, mxr=mxr, vs_mxr=vs_mxr) is not None) == (sum_ and (mxr or vs_mxr))
    run(scenario)


@pytest.mark.parametrize("old, new", [*product(range(3), range(3))])
def test_a_new_page_replaces_what_it_overlaps(old, new):
    async def scenario(install, look):
        await install(entry(0x40_0000_0000, level=old, ppn=1 << 18))
        await install(entry(0x40_0000_0000, level=new, ppn=2 << 18))
        assert look(0x40_0000_0000) == 2 << 18
        assert look(0x40_0000_0000 + (1 << 12 + 9 * new) - 1) == (2 << 18) + (1 << 9 * new) - 1
        if old > new:
            assert look(0x40_0000_0000 + (1 << 12 + 9 * new)) is None
    run(scenario)


def test_as_many_pages_as_there_are_entries_are_known_side_by_side_and_then_the_oldest_goes():
    async def scenario(install, look):
        for n in range(5):
            await install(entry(PAGE + (n << 12), ppn=n))
        assert [look(PAGE + (n << 12)) for n in range(5)] == [None, 1, 2, 3, 4]
    run(scenario)


def test_a_flush_empties_it_and_is_stronger_than_an_install():
    async def scenario(install, look):
        await install(entry(PAGE))
        await install(entry(PAGE + 0x1000), flush=1)
        assert look(PAGE) is None and look(PAGE + 0x1000) is None
    run(scenario)


@pytest.mark.parametrize("entries, va_bits, seed", ((1, 57, 1), (2, 57, 2), (3, 39, 3), (8, 57, 4)))
def test_it_knows_what_was_put_in_last_and_never_says_what_is_not_so(entries, va_bits, seed):
    chance = random.Random(seed)
    starts = [high << 30 | middle << 21 | low << 12 for high in (0, 1, 2, 0x100, (1 << 34) - 1)
              for middle in (0, 1, 511) for low in (0, 1, 511)]
    truth = {}  # of each kind, the regions of pages as they were put in, latest first

    async def scenario(install, look):
        known = 0
        for ppn in range(150):
            v, machine = chance.choice(((0, 0), (1, 0), (0, 1)))
            level, va = chance.choice((0, 0, 1, 2)), chance.choice(starts)
            base, first = va >> 12 + 9 * level << 12 + 9 * level, ppn << 9 * level & (1 << 22) - 1
            # The PPN of a larger page is that of the 4 KiB that was asked for.
            await install(entry(va, level=level, ppn=first | (va - base) >> 12, v=v, machine=machine, s_off=1))
            truth.setdefault((v, machine), []).insert(0, (base, 1 << 12 + 9 * level, first))
            assert look(va, mode=(Mode.M if machine else Mode.VS if v else Mode.HS)) == first | (va - base) >> 12
            for at in chance.sample(starts, 6):
                for mode, kind in ((Mode.HS, (0, 0)), (Mode.VS, (1, 0)), (Mode.M, (0, 1))):
                    found = look(at, mode=mode)
                    latest = next((start + (at - page >> 12) for page, size, start in truth.get(kind, ())
                                   if page <= at < page + size), None)
                    assert found in (None, latest)
                    known += found is not None
        assert known > 50
    run(scenario, entries, va_bits)
