"""Random programs and programs of sw/tests see the mutants of one model, and nothing where none is active."""

import pytest

pytest.importorskip("riscv")

from hyacinth.sim.cli.mutants import chosen
from hyacinth.sim.mutants.explorer import Explorer
from hyacinth.sim.rules import ROOT

SEEN = "return Mux(to_vs, Mode.VS, [[Mux(to_hs, Mode.HS, Mode.M) -> Mux(to_hs, Mode.M, Mode.HS)]])"
WFI = "waits = (mode == Mode.HS) | ([[mode == Mode.VS) & ~vtw -> mode == Mode.VS) | ~vtw]]"


@pytest.mark.slow
def test_mutants_of_one_model_are_seen_one_by_one():
    mutants = [each for each in chosen(["rtl/csr"], None, 0) if SEEN in each.shown or WFI in each.shown]
    explorer = Explorer(ROOT, mutants)
    try:
        [seen] = [each for each in explorer.ready if SEEN in each.shown]
        [wfi] = [each for each in explorer.ready if WFI in each.shown]
        [told] = explorer.tried(seen).items()
        assert told[0] == "random program 0" and told[1].startswith(("Difference: ", "Unfinished: "))
        program, other = "wfi_traps_by_tw_and_vtw", "every_amo_computes_and_returns_the_old_value"
        verdict = explorer.given(wfi, [program, other])
        assert [name.split("[")[1] for name in verdict.tests] == [f"{program}]"]
        assert (verdict.what, verdict.given, verdict.precise) == ("killed", 2, True)
    finally:
        explorer.close()
