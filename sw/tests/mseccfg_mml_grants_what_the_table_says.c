/* mseccfg.MML=1: what an entry grants to M-mode and to the others is told by all of L, R, W and X. Memory without an
   entry is not executable for M-mode, and with MMWP not reached at all. RLB lets rules be changed; an executable rule
   of M-mode needs it.
   not twice: MML stays 1 until the next reset
   needs: smepmp
   rules: mml_truth_table, mseccfg_mml_pmpcfg_L_op, mseccfg_mml_M_rule_op, mseccfg_mml_SorU_rule_op,
   mseccfg_mml_shared_rule_op, mseccfg_mml_X_restrict, mseccfg_mml_exec_code, mseccfg_mmwp_op, mseccfg_mml_sticky,
   mseccfg_rlb_op */
#include "pmp.h"
#include "internal.h"

extern char data_start[]; /* what is before it is code and constants */

/* By L, R, W and X: what M-mode may, and what the others may. */
#define NONE 0
static const uint8_t table[16][2] = {
    {NONE, NONE}, {NONE, PMP_X}, {PMP_R | PMP_W, PMP_R}, {PMP_R | PMP_W, PMP_R | PMP_W},
    {NONE, PMP_R}, {NONE, PMP_R | PMP_X}, {NONE, PMP_R | PMP_W}, {NONE, PMP_R | PMP_W | PMP_X},
    {NONE, NONE}, {PMP_X, NONE}, {PMP_X, PMP_X}, {PMP_R | PMP_X, PMP_X},
    {PMP_R, NONE}, {PMP_R | PMP_X, NONE}, {PMP_R | PMP_W, NONE}, {PMP_R, PMP_R},
};
#define SHARED_CODE (PMP_L | PMP_W | PMP_X)  /* M-mode reads it */
#define SHARED_DATA (PMP_W | PMP_X)

/* One access, whose fault is recorded and passed over. */
#define TRY(instruction, address) \
    asm volatile("mv a0, %0\nlla t6, 77002f\nlla t4, 77001f\nmv t5, %1\n77001: " instruction "\n77002: li t5, 0" \
                 : : "r"(address), "r"(TRY_MAGIC) : "a0", "a2", "ra", "t4", "t5", "t6", "memory")

static uint64_t fetch(uint64_t address)
{
    TRY("jalr a0", address);
    return 0;
}

static uint64_t load(uint64_t address)
{
    TRY("ld a2, 0(a0)", address);
    return 0;
}

static uint64_t store(uint64_t address)
{
    TRY("sd a0, 8(a0)", address);
    return 0;
}

static const struct {
    function *f;
    uint8_t right;
    uint64_t cause;
} kinds[] = {{fetch, PMP_X, INSTRUCTION_ACCESS_FAULT}, {load, PMP_R, LOAD_ACCESS_FAULT},
             {store, PMP_W, STORE_ACCESS_FAULT}};

static void check_access(enum mode mode, unsigned kind, uint64_t address, bool allowed)
{
    struct trap trap = trap_of(mode, kinds[kind].f, address);
    CHECK_EQ(mode_name(mode), trap.cause, allowed ? NO_TRAP : kinds[kind].cause);
}

static void rule(unsigned lrwx, uint64_t match)
{
    uint64_t byte = (lrwx & 8 ? PMP_L : 0) | (lrwx & 4 ? PMP_R : 0) | (lrwx & 2 ? PMP_W : 0) | (lrwx & 1 ? PMP_X : 0);
    csr_write(pmpcfg0, byte | match);
    fence_all();
    CHECK_EQ("the rule is taken", csr_read(pmpcfg0), byte | match);
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    uint64_t page = (uint64_t)test_pages[0];
    MEMORY32(page) = RET;
    FENCE_I();
    csr_write(mseccfg, MSECCFG_RLB);
    csr_write(pmpaddr0, NAPOT_ADDRESS(page, PAGE));
    csr_write(pmpaddr12, RAM >> 2);
    csr_write(pmpaddr13, (uint64_t)data_start >> 2);
    csr_write(pmpaddr15, ~0UL);
    csr_write(pmpcfg2, (uint64_t)(PMP_L | PMP_TOR | PMP_R | PMP_X) << 40);
    csr_write(mseccfg, MSECCFG_RLB | MSECCFG_MML);
    csr_write(pmpcfg2, (uint64_t)(SHARED_CODE | PMP_TOR) << 40 | (uint64_t)(SHARED_DATA | PMP_NAPOT) << 56);
    for (unsigned lrwx = 0; lrwx < 16; lrwx++) {
        rule(lrwx, PMP_NAPOT);
        for (unsigned m = 0; m < 5; m++)
            for (unsigned kind = 0; kind < 3; kind++) {
                context("LRWX and kind of access", lrwx << 4 | kind);
                check_access(modes[m], kind, page, table[lrwx][modes[m] != MODE_M] & kinds[kind].right);
            }
    }
    context(0, 0);

    /* Memory without an entry: the devices. */
    csr_write(pmpcfg0, 0);
    csr_write(pmpaddr15, NAPOT_ADDRESS(RAM, 0x80000000UL));
    fence_all();
    check_access(MODE_M, 0, 0x1000, false);
    check_access(MODE_M, 1, CLINT + 0xbff8, true);
    check_access(MODE_HS, 1, CLINT + 0xbff8, false);
    csr_write(mseccfg, MSECCFG_RLB | MSECCFG_MMWP);
    CHECK_EQ("MML stays", csr_read(mseccfg), MSECCFG_RLB | MSECCFG_MML | MSECCFG_MMWP);
    check_access(MODE_M, 1, CLINT + 0xbff8, false);
    check_access(MODE_M, 2, UART, false);
    csr_write(pmpaddr15, ~0UL);

    /* Without RLB: rules that are locked stay, and none is added that lets M-mode execute. */
    csr_write(mseccfg, 0);
    CHECK_EQ("MML and MMWP stay, RLB goes", csr_read(mseccfg), MSECCFG_MML | MSECCFG_MMWP);
    for (unsigned lrwx = 0; lrwx < 15; lrwx++)
        if (table[lrwx][0] & PMP_X) {
            csr_write(pmpcfg0, PMP_R);
            csr_write(pmpcfg0, PMP_L | (lrwx & 4 ? PMP_R : 0) | (lrwx & 2 ? PMP_W : 0) | (lrwx & 1 ? PMP_X : 0));
            CHECK_EQ("not added", csr_read(pmpcfg0), PMP_R);
        }
    csr_write(mseccfg, MSECCFG_RLB);
    CHECK_EQ("RLB is locked", csr_read(mseccfg) & MSECCFG_RLB, 0);
    uint64_t held = csr_read(pmpcfg2);
    csr_write(pmpcfg2, held & ~(0xffUL << 40));
    CHECK_EQ("the locked rule stays", csr_read(pmpcfg2), held);
    rule(8 | 4, PMP_NAPOT);
    csr_write(pmpcfg0, 0);
    CHECK_EQ("a rule that is locked now", csr_read(pmpcfg0), PMP_L | PMP_R | PMP_NAPOT);
    return 0;
}
