"""Tests of the guest's console: keys come at once, and the terminal is left as it was found."""

import io
import os
import pty
import termios

import pytest

from hyacinth.sim.cli.terminal import Terminal


class Sink:
    """Something like sys.stdout."""
    def __init__(self):
        self.buffer = io.BytesIO()

    def flush(self):
        """Nothing is held back."""


@pytest.fixture
def pipe():
    read, write = os.pipe()
    with os.fdopen(read) as source:
        yield source, write


def test_what_was_typed_is_read_without_waiting(pipe):
    source, write = pipe
    with Terminal(source, Sink()) as terminal:
        assert terminal.read() == b""
        os.write(write, b"ls\n")
        assert terminal.read() == b"ls\n"
    os.close(write)


def test_the_end_of_input_is_no_input(pipe):
    source, write = pipe
    os.close(write)
    with Terminal(source, Sink()) as terminal:
        assert [terminal.read(), terminal.read()] == [b"", b""]


def test_a_closed_standard_input_is_no_input():
    with Terminal(io.StringIO(), Sink()) as terminal:
        assert terminal.read() == b""


def test_what_the_guest_writes_is_shown_byte_by_byte(pipe):
    sink = Sink()
    with Terminal(pipe[0], sink) as terminal:
        terminal.write(b"\xff\n")
    assert sink.buffer.getvalue() == b"\xff\n"
    os.close(pipe[1])


def test_a_terminal_is_left_as_it_was_found_even_by_an_error(monkeypatch):
    controller, follower = pty.openpty()
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    before = termios.tcgetattr(follower)
    with os.fdopen(follower) as source:
        with pytest.raises(KeyboardInterrupt), Terminal(source, Sink()):
            local = termios.tcgetattr(follower)[3]
            assert not local & (termios.ICANON | termios.ECHO) and local & termios.ISIG
            raise KeyboardInterrupt
        assert termios.tcgetattr(follower) == before
    os.close(controller)
