"""A sample of `hyacinth campaign --programs`: what must change nothing changes nothing, whoever is in a hurry."""

import pytest

pytest.importorskip("riscv")

from hyacinth.sim.campaign.programs import ProgramTask
from hyacinth.sim.campaign.tasks import Setting
from hyacinth.sw.build import WAYS

SAMPLE = (
    ("a_guest_page_fault_reports_gva_gpa_and_instruction", "again", Setting("full", 80, 0)),
    ("a_vs_page_fault_comes_before_the_g_stage_of_the_same_page", "twice", Setting("full", 1, 1)),
    ("hlv_has_the_rights_that_spvp_and_vsstatus_give", "again", Setting("full", 7, 2)),
    ("misaligned_loads_and_stores_are_done_in_memory", "plain", Setting("full", 1, 3)),
    ("lr_and_sc_keep_and_lose_a_reservation", "uncompressed", Setting("full", 1, 4)),
    ("hardware_sets_a_and_d_where_adue_says_so", "again", Setting("full", 7, 5)),
)


@pytest.mark.parametrize(("name", "way", "setting"), SAMPLE, ids=[f"{name}-{way}" for name, way, _ in SAMPLE])
def test_a_program_traps_alike(name, way, setting):
    result = ProgramTask(name, way, setting).play()
    assert "group" not in result, result["report"]
    assert result["compared"] > 1000


def test_the_sample_has_each_way():
    assert {way for _, way, _ in SAMPLE} == set(WAYS)
