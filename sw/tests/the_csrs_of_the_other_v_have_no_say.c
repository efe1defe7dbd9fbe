/* While V=0 the VS CSRs do nothing: with each of them set to mislead, HS and U translate, trap, return and read as
   before, and only HLV uses them. While V=1 the supervisor CSRs of HS do nothing to a guest, and neither loses a bit.
   rules: H_vscsrs_v0, H_vscsrs_v1, vsstatus_v0, vsatp_v0, vsstatus_op, vstvec_op, vspec_op, vscause_op, vstval_op,
   vsscratch_op, vsatp_op */
#include "hyacinth.h"

#define CSRS(row) row(status) row(tvec) row(scratch) row(epc) row(cause) row(tval) row(atp)
#define COUNT 7
#define HOLD_HS(name) csr_read(s##name),
#define HOLD_VS(name) csr_read(vs##name),

static void mislead_vs(void)
{
    csr_write(vsstatus, MSTATUS_SUM | MSTATUS_MXR | MSTATUS_SIE | MSTATUS_SPIE);
    csr_write(vstvec, 0x20000001);
    csr_write(vsscratch, 0x1234);
    csr_write(vsepc, 0x20000002);
    csr_write(vscause, 7);
    csr_write(vstval, 0x5678);
    csr_write(vsatp, SV39.mode << 60 | 0x20000);
}

static void mislead_hs(void)
{
    csr_write(sstatus, MSTATUS_SUM | MSTATUS_SPIE);
    csr_write(stvec, 0x20000001);
    csr_write(sscratch, 0x1234);
    csr_write(sepc, 0x20000002);
    csr_write(scause, 7);
    csr_write(stval, 0x5678);
    csr_write(satp, SV39.mode << 60 | 0x20000);
}

/* Reads a page of S and a page of users, each not allowed to the other; traps; returns to U or VU and back. */
static void check_mode(enum mode supervisor, enum mode user, enum mode in, bool gva)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    uint64_t page_fault_gva = in == MODE_HS && gva;
    context(mode_name(supervisor), 0);
    CHECK_EQ("own page", attempt(supervisor, load, TEST_VA, 0).value, 0x11);
    CHECK_TRAP("user's page", attempt(supervisor, load, TEST_VA + PAGE, 0), .in = in, .cause = LOAD_PAGE_FAULT,
               .tval = TEST_VA + PAGE, .gva = page_fault_gva, .tinst = in == MODE_HS ? TRANSFORMED(0) : 0);
    CHECK_TRAP("executable page", attempt(supervisor, load, TEST_VA + 2 * PAGE, 0), .in = in, .cause = LOAD_PAGE_FAULT,
               .tval = TEST_VA + 2 * PAGE, .gva = page_fault_gva, .tinst = in == MODE_HS ? TRANSFORMED(0) : 0);
    context(mode_name(user), 0);
    CHECK_EQ("own page", attempt(user, load, TEST_VA + PAGE, 0).value, 0x22);
    CHECK_TRAP("supervisor's page", attempt(user, load, TEST_VA, 0), .in = in, .cause = LOAD_PAGE_FAULT,
               .tval = TEST_VA, .gva = page_fault_gva, .tinst = in == MODE_HS ? TRANSFORMED(0) : 0);
}

static void map_tests(struct space space)
{
    map(space, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(space, TEST_VA + PAGE, (uint64_t)test_pages[1], 0, LEAF_U);
    map(space, TEST_VA + 2 * PAGE, (uint64_t)test_pages[0], 0, LEAF & ~(PTE_R | PTE_W));
}

int main(void)
{
    test_pages[0][0] = 0x11;
    test_pages[1][0] = 0x22;
    const uint64_t faults = BIT(LOAD_PAGE_FAULT);
    const uint64_t handler = csr_read(vstvec), stack = csr_read(vsscratch);

    struct space own = supervisor_on(&SV39);
    map_tests(own);
    delegate_exceptions(faults, faults);
    mislead_vs();
    fence_all();
    uint64_t before[COUNT] = {CSRS(HOLD_VS)};
    check_mode(MODE_HS, MODE_U, MODE_HS, false);
    uint64_t after[COUNT] = {CSRS(HOLD_VS)};
    for (unsigned i = 0; i < COUNT; i++) {
        context("CSR", i);
        CHECK_EQ("as it was", after[i], before[i]);
    }
    context("HLV", 0);
    delegate_exceptions(0, 0);
    CHECK_EQ("through vsatp", attempt(MODE_HS, WORD("hlv.d a2, (a0)"), TEST_VA, 0).cause, LOAD_ACCESS_FAULT);
    translation_off();

    csr_write(vstvec, handler);
    csr_write(vsscratch, stack);
    csr_write(vsstatus, 0);
    struct guest guest = guest_on(&SV39, &BARE);
    map_tests(guest.vs);
    delegate_exceptions(faults, faults);
    mislead_hs();
    fence_all();
    uint64_t hs_before[COUNT] = {CSRS(HOLD_HS)};
    check_mode(MODE_VS, MODE_VU, MODE_VS, true);
    uint64_t hs_after[COUNT] = {CSRS(HOLD_HS)};
    for (unsigned i = 0; i < COUNT; i++) {
        context("CSR", i);
        CHECK_EQ("as it was", hs_after[i], hs_before[i]);
    }
    return 0;
}
