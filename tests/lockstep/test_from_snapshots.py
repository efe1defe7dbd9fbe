"""The comparison with Spike begins in the midst of a run, wherever the machine was saved."""

from random import Random

import pytest

pytest.importorskip("riscv")

from hyacinth.sim import snapshot
from hyacinth.sim.cli import main
from hyacinth.sim.lockstep.referee import Difference, Referee
from hyacinth.sim.lockstep.start import state_of
from hyacinth.sim.machine import Machine
from hyacinth.sw.build import build
from hyacinth.sw.hypervisor.build import build_demo

MEMORY = 16 << 20


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The demonstration hypervisor, saved at points in all its modes: of each, the mode and the file."""
    random, folder, found = Random(11), tmp_path_factory.mktemp("saved"), {}
    with Machine(memory=MEMORY) as machine:
        machine.load(build_demo(folder))
        machine.raw_watchers.append(lambda batch: None)
        while machine.run(random.randrange(20_000, 90_000)).exit_code is None and machine.cycle < 1_400_000:
            path = folder / str(machine.cycle)
            snapshot.save(machine, path)
            found.setdefault(machine.last_record.mode_after, []).append(path)
    return found


def test_the_demonstration_agrees_with_spike_from_wherever_it_was_saved(saved, capfd):
    assert {1, 4, 5} <= set(saved)          # HS, VU, VS
    for paths in saved.values():
        for path in paths[:2]:
            assert main(["run", "--resume", str(path), "--check", "--max-cycles", "200000"]) == 3
            assert "differ" not in capfd.readouterr().err


@pytest.mark.parametrize("what", ("registers", "csrs"))
def test_another_state_than_the_cores_is_a_difference(saved, what):
    with snapshot.resume(saved[5][0]) as machine:
        state = state_of(machine)
        if what == "registers":
            vars(state)["registers"] = tuple(value ^ 1 << 12 for value in state.registers)
        else:
            state.csrs[0x602] ^= 1 << 8     # hedeleg: what the guest may have itself
            state.csrs[0x603] ^= 1 << 6     # hideleg
        with Referee(machine.config, state.segments, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree,
                     state=state) as referee:
            machine.raw_watchers.append(referee.check)
            with pytest.raises(Difference):
                machine.run(400_000)
                referee.finish()


def test_an_sc_whose_lr_came_before_the_snapshot_agrees(tmp_path, capfd):
    source = tmp_path / "pair.c"
    source.write_text('''#include "hyacinth.h"
static uint64_t word;
int main(void)
{
    uint64_t failed, got;
    asm volatile("lr.d %0, (%2)\\n.globl between\\nbetween: addi %0, %0, 1\\nnop\\nsc.d %1, %0, (%2)"
                 : "=&r"(got), "=&r"(failed) : "r"(&word) : "memory");
    CHECK_EQ("the SC succeeds", failed, 0);
    return 0;
}
''')
    path = tmp_path / "between"
    assert main(["run", str(build(source)), "--save-at", "symbol:between", str(path)]) == 0
    assert main(["run", "--resume", str(path), "--check"]) == 0, capfd.readouterr().err


def test_locked_rules_of_pmp_that_could_not_be_made_any_more_agree(tmp_path, capfd):
    source = tmp_path / "locked.c"
    source.write_text('''#include "pmp.h"
extern char data_start[];
int main(void)
{
    csr_write(pmpaddr12, RAM >> 2);
    csr_write(pmpaddr13, (uint64_t)data_start >> 2);
    csr_write(pmpaddr15, ~0UL);
    csr_write(mseccfg, MSECCFG_RLB);
    csr_write(pmpcfg2, (uint64_t)(PMP_L | PMP_TOR | PMP_R | PMP_X) << 40);
    csr_write(pmpcfg0, 0);
    csr_write(mseccfg, MSECCFG_RLB | MSECCFG_MML);
    csr_write(pmpcfg2, (uint64_t)(PMP_L | PMP_TOR | PMP_W | PMP_X) << 40 | (uint64_t)(PMP_NAPOT | PMP_W | PMP_X) << 56);
    csr_write(mseccfg, 0);
    asm volatile(".globl between\\nbetween: nop\\nnop\\nnop");
    CHECK_EQ("MML alone", csr_read(mseccfg), MSECCFG_MML);
    return 0;
}
''')
    path = tmp_path / "between"
    assert main(["run", str(build(source)), "--save-at", "symbol:between", str(path)]) == 0
    assert main(["run", "--resume", str(path), "--check"]) == 0, capfd.readouterr().err


def resumed_at_here(tmp_path, text):
    """The exit code of a program that is saved where it calls `here`, and compared with Spike from there on."""
    source, path = tmp_path / "here.c", tmp_path / "at"
    source.write_text(text)
    assert main(["run", str(build(source)), "--save-at", "symbol:here", str(path)]) == 0
    return main(["run", "--resume", str(path), "--check"])


@pytest.mark.parametrize("guest", (0, 1))
def test_a_snapshot_in_which_sdt_is_1_agrees(tmp_path, capfd, guest):
    assert resumed_at_here(tmp_path, f'''#include "hyacinth.h"
enum {{ SDT = 1 << 24 }};

__attribute__((noinline)) uint64_t here(uint64_t argument __attribute__((unused)))
{{
    return csr_read(sstatus) & SDT;
}}

int main(void)
{{
    bool guest = {guest};
    csr_set(menvcfg, 1UL << 59);
    csr_set(henvcfg, 1UL << 59);
    if (guest)
        csr_set(vsstatus, SDT);
    else
        csr_set(mstatus, SDT);
    CHECK_EQ("SDT in the mode", run_in(guest ? MODE_VS : MODE_HS, here, 0), SDT);
    CHECK_EQ("SDT of mstatus", csr_read(mstatus) & SDT, guest ? 0 : SDT);
    CHECK_EQ("SDT of vsstatus", csr_read(vsstatus) & SDT, guest ? SDT : 0);
    return 0;
}}
''') == 0, capfd.readouterr().err


def test_a_snapshot_after_hardware_has_set_a_and_d_agrees(tmp_path, capfd):
    assert resumed_at_here(tmp_path, '''#include "hyacinth.h"
__attribute__((noinline)) uint64_t here(const uint64_t *entry)
{
    return *(const volatile uint64_t *)entry;
}

int main(void)
{
    csr_write(menvcfg, ENVCFG_ADUE);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF & ~(PTE_A | PTE_D));
    fence_all();
    CHECK_NO_TRAP("store", attempt(MODE_HS, WORD("sd a1, 0(a0)"), TEST_VA, 5));
    CHECK_EQ("A and D", here(pte_of(own, TEST_VA, 0)) & (PTE_A | PTE_D), PTE_A | PTE_D);
    return 0;
}
''') == 0, capfd.readouterr().err
