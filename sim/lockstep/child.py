"""The process that holds Spike, so that its exits and aborts end nobody else. `Referee` starts it and speaks with it.

Spoken to on standard input, after one line of JSON (the setup): frames of one letter and two 64-bit numbers,
`C slot count` (check that many records of that slot of the shared memory), `W address length` and the bytes (the host
wrote RAM), `R base size` and `length`-prefixed bytes (a read-only memory), `S 0 length` and JSON (begin with this
state), `G address count` (go on alone, for at most so many instructions, until there is something at the address). It
answers each `C`, `S` and `G` with a line of JSON; but a `C` or `W` after one that differs is moot, and not answered.
"""

import ctypes
import json
import mmap
import os
import struct
import sys

from .spike import Spike

FRAME = struct.Struct("<cQQ")


def main():
    """Read what to compare from standard input, answer on standard output, until there is no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Spike prints is no answer
    setup = json.loads(requests.readline())
    shared = mmap.mmap(setup["shared"], setup["slots"] * setup["slot_bytes"])
    start = ctypes.addressof(ctypes.c_char.from_buffer(shared))
    spike = Spike(setup)

    def answer(**words):
        answers.write(json.dumps(words) + "\n")
        answers.flush()

    answer(ready=True)
    differs = False
    while frame := requests.read(FRAME.size):
        letter, first, second = FRAME.unpack(frame)
        if letter == b"W":
            contents = requests.read(second)
            if not differs:
                spike.write(first, contents)
        elif letter == b"R":
            spike.add_rom(first, second, requests.read(struct.unpack("<Q", requests.read(8))[0]))
        elif letter == b"S":
            answer(unlike=spike.begin(**json.loads(requests.read(second))))
        elif letter == b"G":
            answer(stored=spike.go_on(first, second))
        elif not differs:
            same = spike.check(start + first * setup["slot_bytes"], second)
            differs = same < second
            answer(same=same, stale=spike.stale, **spike.finding() if differs else {})


if __name__ == "__main__":
    main()
