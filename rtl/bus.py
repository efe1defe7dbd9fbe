"""The bus between caches, devices and memory: 64 bits wide, one transaction at a time for each master.

A read is one request and one response, or, as a burst, one request and the eight responses of a line, lowest address
first. A single write is one request and one response. A written burst is eight requests, each with its data and the
line's address, then one response. Where `error` is set in any response, the address is absent; a read burst may then
end with that response. Whatever comes, a transaction ends with the response that has `last`.
"""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .config import PHYSICAL_BITS


class BusRequest(data.Struct):
    """One beat of a request."""
    address: PHYSICAL_BITS  # bytes; of a burst, that of its line
    write: 1
    burst: 1     # eight beats of eight bytes
    size: 2      # log2 of the bytes of a single access, naturally aligned
    data: 64     # written; the bytes stand in the lanes that address[:3] names
    mask: 8      # lanes written; lanes read, for a device whose reads have effects


class BusResponse(data.Struct):
    """One beat of a response."""
    data: 64     # read; the bytes stand in the lanes that address[:3] names
    error: 1     # nothing is at this address
    last: 1      # of this transaction


class BusSignature(wiring.Signature):
    """What a master sees of the bus.

    Members
    -------
    request : stream of BusRequest
        Held until ready; the master may not wait for ready before it raises valid.
    response : valid and BusResponse, without ready
        The master takes each response in the cycle in which it comes. It comes at least one cycle after its request
        was accepted. No request may depend combinationally on a response.
    """
    def __init__(self):
        super().__init__({
            "request": Out(stream.Signature(BusRequest)),
            "response": In(stream.Signature(BusResponse, always_ready=True)),
        })
