"""Tests of the guest's console: keys come at once, and the terminal is left as it was found."""

import io
import os
import pty
import termios
import time

import pytest

from hyacinth.sim.cli.terminal import Terminal


class Sink:
    """Something like sys.stdout."""
    def __init__(self, is_terminal=False):
        self.buffer, self.is_terminal = io.BytesIO(), is_terminal

    def isatty(self):
        """As it was made."""
        return self.is_terminal

    def write(self, text):
        """Text comes among the bytes."""
        self.buffer.write(text.encode())

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


def test_a_silent_guest_is_replaced_by_a_line_of_progress_that_goes_when_it_speaks(pipe, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    sink = Sink(is_terminal=True)
    with Terminal(pipe[0], sink) as terminal:
        terminal.write(b"login: ")
        now[0] = 9.0
        terminal.progress(lambda: "never behind a prompt")
        terminal.write(b"me\n")
        terminal.progress(lambda: "too early")
        now[0] = 19.0
        terminal.progress(lambda: "far")
        terminal.write(b"on\n")
    assert sink.buffer.getvalue() == b"login: me\n\r\033[K[far]\r\033[Kon\n"
    os.close(pipe[1])


def test_a_line_of_progress_never_wraps(pipe, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "40")
    sink = Sink(is_terminal=True)
    with Terminal(pipe[0], sink) as terminal:
        now[0] = 9.0
        terminal.progress(lambda: "far " * 20)
        assert sink.buffer.getvalue() == b"\r\033[K[" + (b"far " * 20)[:37] + b"]"
    os.close(pipe[1])


def test_where_nobody_looks_a_long_run_says_now_and_then_how_far_it_is(pipe, monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    sink = Sink()
    for talks in False, True:
        with Terminal(pipe[0], sink, talks=talks) as terminal:
            for now[0] in 1.0, 12.0, 13.0, 30.0:
                terminal.progress(lambda: f"at {now[0]}")
        now[0] = 0.0
    assert capsys.readouterr().err == "hyacinth: at 12.0\nhyacinth: at 30.0\n" and not sink.buffer.getvalue()
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
