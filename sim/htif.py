"""The host of HTIF: what a program asks for by writing `tohost`, and is answered in `fromhost`, as with Spike.

A command has a device (bits 63:56), a command (55:48) and a payload. Device 0, command 0: an odd payload ends the run
with the code payload >> 1, an even one is the address of a system call, eight words: its number, its arguments. Device
1 is a console: command 1 writes the payload as a byte, command 0 asks for one.
"""

from collections import deque

WRITE, EXIT = 64, 93
"""Numbers of system calls, as Linux has them for RISC-V."""
NO_SUCH_CALL = -38
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
        (address, bytes).

    Attributes
    ----------
    exit_code : int or None
        Once the program has ended.
    output : bytearray
        What it wrote.
    asks : int
        Bytes it has asked for and not got.
    """
    def __init__(self, tohost: int, fromhost: int | None, read, write):
        self.tohost, self.fromhost, self._read, self._write = tohost, fromhost, read, write
        self.exit_code: int | None = None
        self.output = bytearray()
        self.asks = 0
        self._answers: deque[int] = deque()

    @property
    def state(self) -> dict:
        """What a snapshot keeps."""
        return {"asks": self.asks, "answers": list(self._answers), "output": self.output.hex()}

    @state.setter
    def state(self, kept: dict) -> None:
        """As it was kept."""
        self.asks, self._answers = kept["asks"], deque(kept["answers"])
        self.output = bytearray.fromhex(kept["output"])

    def written(self, address: int, value: int) -> None:
        """The program has written `tohost` or `fromhost`."""
        if address == self.tohost & ~7 and value:
            self._write(self.tohost, bytes(8))
            self._command(value >> 56, value >> 48 & 0xff, value & (1 << 48) - 1)
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
        words = [int.from_bytes(self._read(address + 8 * i, 8), "little") for i in range(8)]
        number, file, start, count = words[:4]
        result = NO_SUCH_CALL
        if number == EXIT:
            self.exit_code = file & 0xffff_ffff
        elif number == WRITE and file in (STANDARD_OUTPUT, STANDARD_ERROR):
            self.output += self._read(start, count)
            result = count
        self._write(address, (result & (1 << 64) - 1).to_bytes(8, "little"))
        self._respond(0, 0, 1)

    def _respond(self, device: int, command: int, payload: int) -> None:
        self._answers.append(device << 56 | command << 48 | payload)

    def _answer(self) -> None:
        """The next answer, where the program has taken the one before."""
        if self.fromhost is not None and self._answers and not any(self._read(self.fromhost, 8)):
            self._write(self.fromhost, self._answers.popleft().to_bytes(8, "little"))
