"""The order in which others see what the core does to memory and devices, on the whole machine: that of the program.

Another master of memory, who has lines as the host's devices do, looks while a program stores one number after
another in several places, and stores numbers that the program looks for. That is more than the memory model asks for:
FENCE, aq, rl and FIOM order nothing that is not in order without them. A page that is not cached is reached as one of
type NC or IO.
"""

from dataclasses import replace
from random import Random

import pytest
from busmodel import BusMemory
from testbench import Bench

from hyacinth.rtl.config import SMALL, VIRTIO_SLOTS
from hyacinth.rtl.isa.instructions import BY_NAME
from hyacinth.rtl.soc import Soc

CORE = replace(SMALL, extensions=("zacas", "zicbom"))
FIRST, SECOND, THIRD, FOURTH, UNCACHED, MINE, YOURS, LOG = (0x8000_0000 + n * 0x1040 for n in range(8))
"""Words of main memory, each in a line and a page of its own."""
DEVICE = VIRTIO_SLOTS[0]
PLACES = {"first": (5, FIRST), "second": (6, SECOND), "third": (7, THIRD), "fourth": (18, FOURTH),
          "uncached": (19, UNCACHED), "device": (28, DEVICE), "yours": (29, YOURS), "mine": (30, MINE),
          "log": (31, LOG)}
"""The register that holds the address of each."""
ROUNDS = 6
"""Of each mode."""
STORES = ("first", "second", "third", "fourth", "device", "uncached")
"""In the order in which the program writes them."""
FIOM, CBCFE = 1, 1 << 6


class Program:
    """Words in the making; branches go to places that are there already, or are filled in by `here`."""
    def __init__(self):
        self.words = []

    def __call__(self, name, d=0, s=0, t=0, i=0, **others):
        self.words.append(BY_NAME[name].encode(d=d, s=s, t=t, i=i, **{"q": 0, "h": 0, "f": 0} | others))
        return len(self.words) - 1

    def csr(self, name, number, s):
        self.words.append(number << 20 | s << 15 | {"csrrw": 1, "csrrs": 2, "csrrc": 3}[name] << 12 | 0x73)

    def li(self, d, value):
        """A number below 2**32."""
        self("addi", d=d, s=0, i=0)
        for shift in (24, 16, 8, 0):
            self("slli", d=d, s=d, h=8)
            self("ori", d=d, s=d, i=value >> shift & 0xFF)

    def back(self, name, to, **operands):
        self(name, i=4 * (to - len(self.words)), **operands)

    def here(self, *froms):
        """Branches at `froms` come to this place."""
        for at in froms:
            self.words[at] |= BY_NAME["beq"].encode(s=0, t=0, i=4 * (len(self.words) - at)) & ~0x7F


def program():
    """Rounds in M, then in U, then in VU, where FIOM is 1; the exit code is 0, or 1 where it saw a wrong order."""
    p = Program()
    n, limit, phase, one, seen, before, failed = 9, 14, 15, 16, 20, 21, []
    for register, address in PLACES.values():
        p.li(register, address)
    p("addi", d=one, i=1)
    p.li(8, 0xFFFF_FFFF)
    p.csr("csrrw", 0x3b0, 8)                      # pmpaddr0: all
    p("addi", d=8, i=0x1f)
    p.csr("csrrw", 0x3a0, 8)
    p("addi", d=8, i=FIOM | CBCFE)
    for number in (0x30a, 0x10a, 0x60a):          # menvcfg, senvcfg, henvcfg
        p.csr("csrrw", number, 8)
    vector = p("auipc", d=8)
    p("addi", d=8, s=8, i=0)
    p.csr("csrrw", 0x305, 8)                      # mtvec
    skipped = p("beq")

    # The handler: the next mode, or the end.
    p.words[vector + 1] = BY_NAME["addi"].encode(d=8, s=8, i=4 * (len(p.words) - vector))
    p("addi", d=phase, s=phase, i=1)
    p("addi", d=8, i=3)
    ended = p("beq", s=phase, t=8)
    p.li(8, 3 << 11)
    p.csr("csrrc", 0x300, 8)                      # mstatus.MPP
    p("addi", d=8, s=phase, i=-1)
    p("slli", d=8, s=8, h=39)
    p.csr("csrrs", 0x300, 8)                      # mstatus.MPV
    started = p("auipc", d=8)
    p("addi", d=8, s=8, i=0)
    p.csr("csrrw", 0x341, 8)                      # mepc
    p("addi", d=limit, s=limit, i=ROUNDS)
    p("mret")
    p.here(ended)
    p.li(8, 0x5555)
    finish = p("lui", d=23, i=0x10_0000)
    p("sw", s=23, t=8)
    p("jal")
    p.here(skipped)
    p("addi", d=limit, i=ROUNDS)

    # A round.
    p.words[started + 1] = BY_NAME["addi"].encode(d=8, s=8, i=4 * (len(p.words) - started))
    loop = len(p.words)
    of = {name: register for name, (register, _) in PLACES.items()}
    p("addi", d=22, s=n)
    p("addi", d=n, s=n, i=1)
    p("sd", s=of["first"], t=n)
    p("fence", f=0x033)                           # rw, rw
    p("ld", s=of["yours"], d=17)                  # who of the two was first?
    p("amoswap.d", s=of["second"], t=n)
    p("fence", f=0x833)                           # TSO
    retry = p("lr.d", s=of["third"], d=8)
    p("sc.d", s=of["third"], t=n, d=8)
    p.back("bne", retry, s=8)
    p("amocas.d", s=of["fourth"], t=n, d=22)
    p("fence", f=0x044)                           # o, o
    p("sd", s=of["device"], t=n)
    p("amoswap.d", s=of["uncached"], t=n, q=3)    # aq, rl
    p("sd", s=of["log"], t=17)
    p("addi", d=of["log"], s=of["log"], i=8)

    def newer(after, first):
        """What is read from `after`, whose number the other stores later, is not newer than what `first` then gives."""
        after()
        first()
        failed.append(p("bltu", s=before, t=seen))

    def load(place, d):
        return lambda: p("ld", s=of[place], d=d)

    def add_nothing(place, d):
        return lambda: p("amoor.d", s=of[place], d=d)

    def reserve(place, d):
        return lambda: p("lr.d", s=of[place], d=d)

    def compare(place, d):
        def both():
            p("addi", d=d, i=-1)
            p("amocas.d", s=of[place], d=d)       # fails
        return both

    def flush_and_load(place, d):
        def both():
            p("cbo.flush", s=of[place])
            p("ld", s=of[place], d=d)
        return both
    for after, first in ((load, load), (add_nothing, load), (reserve, add_nothing), (compare, flush_and_load)):
        newer(after("yours", seen), first("mine", before))
    newer(load("device", seen), load("device", before))
    p.back("bne", loop, s=n, t=limit)
    p("ecall")
    p.here(*failed)
    p.li(8, 0x1_3333)
    p.back("beq", finish)
    return p.words


@pytest.mark.rule("fence_op", "fence-tso_op", "rvwmo_obeyed", "rvwmo_ppo", "PPO_overlap")
@pytest.mark.rule("a_acquire_semantics", "a_release_semantics", "a_seq_cst_semantics", "amo_release_consistency",
                  "sc_not_observable_before_lr", "Zacas_amocas_mem_op_success_aq_rl",
                  "Zacas_amocas_mem_op_fail_aq_rl")
@pytest.mark.rule("menvcfg_fiom_fence_op", "menvcfg_fiom_fence_presuc_op", "menvcfg_fiom_atomic_op", "senvcfg_fiom_op",
                  "senvcfg_fiom_op_atomic", "henvcfg_fiom_op", "henvcfg_fiom_order")
@pytest.mark.rule("Svpbmt_obeys_mem_ordering", "Svpbmt_memory_pma_io_pbmt_strong_io_ordering",
                  "Svpbmt_memory_pma_io_pbmt_treated_as_io_and_memory")
def test_others_see_loads_and_stores_in_the_order_of_the_program():
    soc, random = Soc(CORE), Random(1)
    memory, host = BusMemory(soc.memory, random), BusMemory(soc.host, random)
    words, looks, given, read, exits, stopped = program(), [], [], [], [], []
    words.append(0)
    for index in range(0, len(words) & -2, 2):
        memory.write(CORE.reset_pc + 4 * index, words[index] | words[index + 1] << 32, 0xff)
    for _, address in PLACES.values():
        (host if address == DEVICE else memory).write(address, 0, 0xff)

    async def reach(ctx, address, change=None):
        """What memory holds there while nobody else has the line, and what is made of it."""
        ctx.set(soc.snoop.line, address >> 6)
        ctx.set(soc.snoop.valid, 1)
        await ctx.tick().until(soc.snoop.held)
        found = memory.word(address)
        if change is not None:
            memory.write(address, change, 0xff)
        ctx.set(soc.snoop.valid, 0)
        while ctx.get(soc.snoop.held):
            await ctx.tick()
        return found

    async def other(ctx):
        count = 0
        while not stopped:
            await ctx.tick().repeat(random.randrange(1, 60))
            if random.random() < 0.5:
                # The last that is written is looked at first.
                start = random.randrange(len(STORES))
                looks.append([host.word(DEVICE) if place == "device" else await reach(ctx, PLACES[place][1])
                              for place in reversed(STORES[:start + 1])])
            else:
                count += 1
                await reach(ctx, MINE, count)
                await reach(ctx, YOURS, count)
                given.append(await reach(ctx, FIRST))
        await ctx.tick().repeat(1 << 30)

    async def run(ctx):
        ctx.set(soc.uncached_page, UNCACHED >> 12)
        ctx.set(soc.uncached_enable, 1)
        code, = await ctx.tick().sample(soc.exit.payload).until(soc.exit.valid)
        exits.append(code)
        stopped.append(True)
        await ctx.tick().repeat(300)
        for n in range(3 * ROUNDS):
            read.append(await reach(ctx, LOG + 8 * n))

    Bench(soc, deadline=40_000).run(run, background=(memory.serve, host.serve, other))
    assert exits == [0] and host.word(DEVICE) == 3 * ROUNDS
    assert all(look == sorted(look) for look in looks), [look for look in looks if look != sorted(look)]
    # In round n the program stores n in the first place and then reads what is `yours`; the other writes that and then
    # reads the first place. At least one sees what the other wrote.
    assert all(read[n - 1] >= count for count, found in enumerate(given, 1) for n in range(found + 1, len(read) + 1))
    # Both have seen the other at work.
    assert len(set(map(tuple, looks))) > ROUNDS and len(set(read)) > ROUNDS
