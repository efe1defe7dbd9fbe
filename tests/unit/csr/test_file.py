"""Tests of the CSR file as a whole: what registers hold, and what stands for what."""

import pytest
from testbench import assert_exports

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.csr.file import CsrFile
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1


@pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
def test_it_exports(config):
    assert_exports(CsrFile(config))
    assert len(table(config)) > 130


@pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
def test_after_reset_every_csr_has_the_value_of_its_table(play, config):
    async def scenario(s):
        assert s.mode == Mode.M
        for name, csr in s.csrs.items():
            if name not in ("mcycle", "cycle"):
                assert (name, await s.read(name)) == (name, csr.reset)
    play(scenario, config)
