"""What a random program is taken apart into, and what stays: without a core and without Spike."""

import random

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.sim.lockstep.assembler import C_NOP, Code, Label, Words, csr, in_bytes, lay_out, li, op
from hyacinth.sim.lockstep.form import (
    AGAIN,
    LAST,
    STEPS,
    Bits,
    Bodies,
    Form,
    Groups,
    Instructions,
    chunks,
    constant,
    words,
)
from hyacinth.sim.lockstep.random_layout import BODIES, DRIVER
from hyacinth.sim.lockstep.random_programs import random_parts, random_program
from hyacinth.sim.lockstep.shrink import reduce


@pytest.fixture(scope="module")
def form():
    return Form.of(random_parts(1, FULL, iterations=3, items=10, aims=()))


def test_the_fewest_units_stay_that_are_needed_together():
    tried = []

    def remains(gone):
        tried.append(gone)
        return not {3, 50, 77} & set(gone)
    assert reduce(list(range(100)), remains, 100) == [3, 50, 77]
    assert len(tried) < 60


def test_nothing_stays_where_nothing_is_needed_and_all_where_all_is():
    assert reduce([1, 2, 3], lambda gone: True, 3) == []
    assert reduce([1, 2, 3], lambda gone: False, 3) == [1, 2, 3]
    assert reduce([], lambda gone: True, 0) == []


def test_a_whole_form_is_the_program_itself(form):
    assert form.program() == random_program(1, FULL, iterations=3, items=10, aims=())


def test_labels_keep_their_meaning_when_what_lies_between_is_gone():
    code = Code(0x8000_0000)
    code.jump("end")
    code.add(*li(1, 0x1234_5678))
    code.label("end")
    code.add(op("ebreak"))
    whole, _ = lay_out(code.pieces, code.address)
    short, places = lay_out([piece for piece in code.pieces if not isinstance(piece, Words) or len(piece.contents) < 8],
                            code.address)
    assert whole == code.contents() and len(whole) == 16
    assert short == in_bytes(op("jal", i=4)) + in_bytes(op("ebreak")) and places == [0x8000_0000, *2 * [0x8000_0004]]


def test_an_address_that_somebody_knows_stays():
    code = Code(0x8000_0000)
    code.add(C_NOP, C_NOP)
    assert code.here == 0x8000_0004
    code.add(op("ecall"))
    pieces = code.pieces[1:]
    assert lay_out(pieces, code.address)[0] == 2 * in_bytes(C_NOP) + in_bytes(op("ecall"))
    with pytest.raises(ValueError, match="0x80000004 would lie at 0x80000008"):
        lay_out([Words(bytes(8)), *pieces], code.address)


def test_a_constant_is_recognised_whatever_its_value():
    r = random.Random(1)
    edges = (0, 1, -1, 2047, 2048, -2048, 1 << 31, (1 << 63) - 1, 1 << 63)
    for value in (*edges, *(r.getrandbits(64) for _ in range(50))):
        rest = in_bytes(csr("csrrw", 0x300, s=5))
        piece = Words(b"".join(map(in_bytes, li(5, value))) + rest)
        assert constant(piece) == (5, value & (1 << 64) - 1, [rest])
        assert chunks(piece) == [piece.contents[:-4], rest]
    assert constant(Words(in_bytes(op("add", d=1, s=2, t=3)))) is None
    assert constant(Words(bytes(8), data=True)) is None


def test_each_step_takes_away_what_it_names_and_leaves_no_more_of_it(form):
    for step in (*STEPS, *AGAIN, *LAST):
        units = step.units(form)
        assert units, step.name
        left = step.units(step.without(form, units))
        # An item's pieces may hold the label of another one; what is left of instructions is one in each piece.
        assert not set(left) & set(units) or isinstance(step, Instructions), step.name


def test_an_iteration_that_is_gone_leaves_the_others_and_the_end(form):
    step = Groups("driver", "iteration")
    assert len(step.units(form)) == 3
    one = step.without(form, step.units(form)[:2])
    assert len(one.program().segments[1][1]) < len(form.program().segments[1][1]) // 2
    none = step.without(form, step.units(form))
    assert op("sd", s=5, t=6) in [int.from_bytes(word, "little") for piece in none.pieces("driver")
                                  if isinstance(piece, Words) for word in words(piece)]


def test_bodies_that_are_gone_leave_the_others_where_they_were(form):
    kept = Bodies().units(form)[4]
    others = [unit for unit in Bodies().units(form) if unit != kept]
    pieces, _ = form.codes["bodies"], None
    first = pieces[kept[0][1]]

    def place(each):
        found = each.pieces("bodies")
        return lay_out(found, BODIES)[1][next(at for at, piece in enumerate(found) if piece is first)]
    assert place(Bodies().without(form, others)) == place(form)


def test_bits_of_constants_become_0_and_addresses_stay():
    code = Code(DRIVER)
    code.label(("iteration", 0))
    code.add(*li(1, 0x8000_2000), csr("csrrw", 0x341, s=1))
    code.add(*li(1, 0x5), csr("csrrw", 0x340, s=1))
    form = Form(0, {"driver": tuple(code.pieces)}, {"driver": DRIVER}, {}, {}, None)
    units = Bits().units(form)
    assert units == [("driver", 2, 0), ("driver", 2, 2)]
    assert constant(Bits().without(form, units[:1]).codes["driver"][2])[1] == 4


def test_labels_are_never_taken_away(form):
    for step in (*STEPS, *AGAIN, *LAST):
        assert sum(isinstance(piece, Label) for pieces in step.without(form, step.units(form)).codes.values()
                   for piece in pieces) == sum(isinstance(piece, Label) for pieces in form.codes.values()
                                               for piece in pieces)
