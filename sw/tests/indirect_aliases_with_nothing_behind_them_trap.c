/* siselect and vsiselect hold 12 bits and are one for each world; no select value reaches a register. An alias is
   illegal in M and HS, and in VS by sireg; virtual in VU, and in a guest by vsireg. hstateen0.CSRIND=0 makes siselect and
   sireg virtual in a guest, mstateen0.CSRIND=0 all of them illegal below M.
   A select value is no number of a CSR.
   needs: smcsrind, smstateen
   rules: siselect_min_range, vsiselect_min_range, sireg_access_on_illegal_siselect, sscsrind_virtual_inst_fault,
   sscsrind_csrs_access_control, hypervisor_impl_csrs_access_control, mstateen0_csrind_op, hstateen0_csrind_op,
   select_value_separate_address_space */
#include "hyacinth.h"

#define I ILLEGAL_INSTRUCTION
#define V VIRTUAL_INSTRUCTION
#define O NO_TRAP

static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};

static void check_row(const char *name, uint32_t word, const uint64_t causes[5])
{
    for (unsigned m = 0; m < 5; m++) {
        struct trap trap = attempt(modes[m], word, 0, 0);
        context(mode_name(modes[m]), 0);
        if (causes[m] == NO_TRAP)
            CHECK_NO_TRAP(name, trap);
        else
            CHECK_TRAP(name, trap, .in = MODE_M, .cause = causes[m], .tval = THE_INSTRUCTION);
    }
}

int main(void)
{
    static const uint64_t closed[] = {I, I, O, I, I}, never[] = {I, I, I, I, I};
    static const uint64_t open[] = {I, O, O, V, O}, own[] = {I, O, O, V, V};
    static const uint64_t nothing[] = {I, I, I, V, I}, nothing_by_vs[] = {I, I, I, V, V};
    const uint32_t siselect = WORD("csrrw a2, 0x150, a1"), vsiselect = WORD("csrrw a2, 0x250, a1");
    const uint32_t sireg[] = {WORD("csrr a2, 0x151"), WORD("csrw 0x152, a1"), WORD("csrr a2, 0x157")};
    const uint32_t vsireg[] = {WORD("csrr a2, 0x251"), WORD("csrw 0x252, a1"), WORD("csrr a2, 0x257")};

    csr_write(0x150, 0x5a5);
    csr_write(0x250, 0xa5a);
    CHECK_EQ("siselect", csr_read(0x150), 0x5a5);
    CHECK_EQ("vsiselect", csr_read(0x250), 0xa5a);
    CHECK_NO_TRAP("siselect in VS", attempt(MODE_VS, siselect, 0, 0x123));
    CHECK_EQ("is vsiselect", csr_read(0x250), 0x123);
    CHECK_EQ("and no other", csr_read(0x150), 0x5a5);

    static const uint64_t numbers[] = {0x100, 0x105, 0x140, 0x180, 0x240, 0x340, 0xc00, 0xf14};
    csr_write(mstateen0, -1);
    csr_write(hstateen0, -1);
    csr_write(sscratch, 0x1234);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        csr_write(0x150, numbers[i]);
        csr_write(0x250, numbers[i]);
        csr_write(0x350, numbers[i]);
        check_row("sireg", sireg[0], nothing);
        check_row("sireg", WORD("csrw 0x151, a1"), nothing);
        check_row("vsireg", vsireg[0], nothing_by_vs);
        check_row("mireg", WORD("csrr a2, 0x351"), never);
    }
    CHECK_EQ("sscratch", csr_read(sscratch), 0x1234);

    for (unsigned setting = 0; setting < 4; setting++) {
        bool machine = setting & 1, hypervisor = setting & 2;
        csr_write(mstateen0, -1);
        csr_write(hstateen0, hypervisor ? MSTATEEN0_CSRIND : ~MSTATEEN0_CSRIND);
        csr_write(mstateen0, machine ? MSTATEEN0_CSRIND : ~MSTATEEN0_CSRIND);
        check_row("siselect", siselect, !machine ? closed : hypervisor ? open : own);
        check_row("vsiselect", vsiselect, !machine ? closed : own);
        for (unsigned i = 0; i < 3; i++) {
            check_row("sireg", sireg[i], !machine ? never : hypervisor ? nothing : nothing_by_vs);
            check_row("vsireg", vsireg[i], !machine ? never : nothing_by_vs);
        }
        check_row("mireg", WORD("csrr a2, 0x351"), never);
    }
    return 0;
}
