"""A memory on the bus, for unit tests: slow at random, absent where told, and strict about the protocol."""


class BusMemory:
    """Answers the bus `bus` of a component as main memory does; a process for Bench.

    Parameters
    ----------
    bus : BusSignature()
        As its master has it.
    random : random.Random
        Decides how long each answer takes; None: each comes as early as it can.
    absent : function of an address
        Whether an access fails.

    Attributes
    ----------
    words : dict
        Eight bytes by address // 8; what was never written reads as a function of the address.
    log : list
        One tuple for each transaction: ("read" or "write", "burst" or "single", address).
    """
    def __init__(self, bus, random=None, absent=lambda address: False):
        self.bus, self.random, self.absent = bus, random, absent
        self.words, self.log = {}, []

    def word(self, address):
        """The eight bytes around `address`, as an integer."""
        return self.words.get(address >> 3, (address >> 3) * 0x9e37_79b9_7f4a_7c15 % (1 << 64))

    def write(self, address, data, mask):
        lanes = sum(0xff << 8 * lane for lane in range(8) if mask >> lane & 1)
        self.words[address >> 3] = self.word(address) & ~lanes | data & lanes

    async def pause(self, ctx):
        if self.random and self.random.random() < 0.5:
            await ctx.tick().repeat(self.random.randrange(1, 6))

    async def accept(self, ctx):
        """The next beat of a request."""
        request = self.bus.request
        await self.pause(ctx)
        ctx.set(request.ready, 1)
        payload, = await ctx.tick().sample(request.payload).until(request.valid)
        ctx.set(request.ready, 0)
        return payload

    async def respond(self, ctx, data, error, last):
        await self.pause(ctx)
        response = self.bus.response
        ctx.set(response.p, {"data": data, "error": error, "last": last})
        ctx.set(response.valid, 1)
        await ctx.tick()
        ctx.set(response.valid, 0)
        ctx.set(response.p, {"data": 0xdead_beef, "error": 1, "last": 1})  # what is not valid must not matter

    async def serve(self, ctx):
        """The process."""
        while True:
            first = await self.accept(ctx)
            address = first.address
            self.log.append(("write" if first.write else "read", "burst" if first.burst else "single", address))
            assert address % (64 if first.burst else 1 << first.size) == 0, "not naturally aligned"
            error = self.absent(address)
            if first.write:
                for beat in range(8 if first.burst else 1):
                    payload = first if beat == 0 else await self.accept(ctx)
                    assert (payload.address, payload.write, payload.burst) == (address, 1, first.burst)
                    if not error:
                        self.write(address + 8 * beat, payload.data, payload.mask)
                await self.respond(ctx, 0, error, 1)
            else:
                for beat in range(8 if first.burst else 1):
                    await self.respond(ctx, self.word(address + 8 * beat), error, beat == 7 or not first.burst)
