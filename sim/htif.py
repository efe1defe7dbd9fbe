"""The host of HTIF: what a program asks for by writing `tohost`, and is answered in `fromhost`, as with Spike.

A command has a device (bits 63:56), a command (55:48) and a payload. Device 0, command 0: an odd payload ends the run
with the code payload >> 1, an even one is the address of a system call, eight words: its number, its arguments. Device
1 is a console: command 1 writes the payload as a byte, command 0 asks for one.
"""

import struct
from collections import deque

WRITE, EXIT = 64, 93
"""Numbers of system calls, as Linux has them for RISC-V."""
NO_SUCH_CALL, BAD_ADDRESS = -38, -14
CONSOLE, GET, PUT = 1, 0, 1
GOT = 0x100
"""Set in the answer to GET, above the byte."""
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


class Htif:
    """Answers one program.

    Parameters
    ----------
    tohost : int
    fromhost : int or None
    read : callable
        (address, count) to bytes.
    write : callable
        (address, bytes): past the caches, at once.
    put : callable
        (address, bytes): some cycles later, so that the caches are right; one after another.

    Attributes
    ----------
    exit_code : int or None
        Once the program has ended.
    output : bytearray
        What it wrote.
    asks : int
        Bytes it has asked for and not got.
    """
    def __init__(self, tohost: int, fromhost: int | None, read, write, put):
        self.tohost, self.fromhost, self._read, self._write, self._put = tohost, fromhost, read, write, put
        self.exit_code: int | None = None
        self.output = bytearray()
        self.asks = 0
        self._answers: deque[int] = deque()
        self._answered = False   # the answer is on its way, or the program has not taken it

    @property
    def state(self) -> dict:
        """What a snapshot keeps."""
        return {"asks": self.asks, "answers": list(self._answers), "answered": self._answered,
                "output": self.output.hex()}

    @state.setter
    def state(self, kept: dict) -> None:
        """As it was kept."""
        self.asks, self._answers, self._answered = kept["asks"], deque(kept["answers"]), kept["answered"]
        self.output = bytearray.fromhex(kept["output"])

    def written(self, address: int, value: int) -> None:
        """The program has written `tohost` or `fromhost`."""
        if address == self.tohost & ~7 and value:
            self._write(self.tohost, bytes(8))
            self._command(value >> 56, value >> 48 & 0xff, value & (1 << 48) - 1)
        elif self.fromhost is not None and address == self.fromhost & ~7 and not value:
            self._answered = False
        self._answer()

    def give(self, byte: int) -> None:
        """A byte for the program that asks for one."""
        self.asks -= 1
        self._respond(CONSOLE, GET, GOT | byte)
        self._answer()

    def _command(self, device: int, command: int, payload: int) -> None:
        if device == CONSOLE and command == PUT:
            self.output.append(payload & 0xff)
        elif device == CONSOLE and command == GET:
            self.asks += 1
        elif device == 0 and command == 0:
            if payload & 1:
                self.exit_code = payload >> 1
            else:
                self._call(payload)

    def _call(self, address: int) -> None:
        if (block := self._try_to_read(address, 64)) is not None:
            number, file, start, count = struct.unpack_from("<4Q", block)
            result = NO_SUCH_CALL
            if number == EXIT:
                self.exit_code = file & 0xffff_ffff
            elif number == WRITE and file in (STANDARD_OUTPUT, STANDARD_ERROR):
                text = self._try_to_read(start, count)
                self.output += text or b""
                result = BAD_ADDRESS if text is None else count
            self._put(address, struct.pack("<q", result))
        self._respond(0, 0, 1)

    def _try_to_read(self, address: int, count: int) -> bytes | None:
        """Memory, or None where not all of it is there."""
        try:
            if count:
                self._read(address + count - 1, 1)  # the end first: there may be no room for all of it anywhere
            return self._read(address, count)
        except (ValueError, OverflowError, MemoryError):
            return None

    def _respond(self, device: int, command: int, payload: int) -> None:
        self._answers.append(device << 56 | command << 48 | payload)

    def _answer(self) -> None:
        """The next answer, where the program has taken the one before."""
        if (self.fromhost is not None and self._answers and not self._answered
                and not any(self._read(self.fromhost, 8))):
            self._put(self.fromhost, self._answers.popleft().to_bytes(8, "little"))
            self._answered = True
