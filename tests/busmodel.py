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
                    word = address + 8 * beat
                    await self.respond(ctx, self.word(word), self.absent(word), beat == 7 or not first.burst)


async def request(ctx, bus, **fields):
    """One beat, until it is accepted by the slave whose port is `bus`."""
    ctx.set(bus.request.p, {"address": 0, "write": 0, "burst": 0, "size": 3, "data": 0, "mask": 0} | fields)
    ctx.set(bus.request.valid, 1)
    await ctx.tick().until(bus.request.ready)
    ctx.set(bus.request.valid, 0)


async def responses(ctx, bus, count=1):
    """The data of up to `count` responses; None as soon as one has `error`. The last must say so, and no other."""
    data = []
    while len(data) < count:
        response, = await ctx.tick().sample(bus.response.p).until(bus.response.valid)
        if response.error:
            assert response.last or count > 1
            return None
        data.append(response.data)
        assert response.last == (len(data) == count)
    return data


async def bus_read(ctx, bus, address, size=3):
    """Reads 2**size bytes as a number; None where they are absent."""
    await request(ctx, bus, address=address, size=size)
    data = await responses(ctx, bus)
    return data and data[0] >> 8 * (address & 7) & (1 << (8 << size)) - 1


async def bus_write(ctx, bus, address, value, size=3):
    """Writes 2**size bytes; whether they are there."""
    lane = address & 7
    await request(ctx, bus, address=address, size=size, write=1, data=value << 8 * lane,
                  mask=(1 << (1 << size)) - 1 << lane)
    return await responses(ctx, bus) is not None


async def bus_read_line(ctx, bus, address):
    """Reads the eight words of a line; None where it is absent."""
    await request(ctx, bus, address=address, burst=1)
    return await responses(ctx, bus, 8)


async def bus_write_line(ctx, bus, address, words):
    """Writes the eight words of a line; whether it is there."""
    for word in words:
        await request(ctx, bus, address=address, burst=1, write=1, data=word, mask=0xff)
    return await responses(ctx, bus) is not None
