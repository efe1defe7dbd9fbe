/* Each exception that an instruction can raise here, in U, HS, VU and VS: it is taken in M, in HS where its medeleg
   bit is 1, and from V=1 in VS where its hedeleg bit is 1, too. All other bits are the opposite of its own; guest-page
   faults and virtual instructions cannot be delegated to VS. ECALL from HS, VS and M are in a program of their own.
   rules: MEDELEG_OP, medeleg_enc, medeleg_acc, medeleg_when_rd0, mcause_exccode_op, mcause_exccode_enc, mcause_op,
   trap_def_M_mode, trap_horiz, mtval_op, MTVAL_PER_EXC_BEHAVIOR, mtval_vaddr_wr1, sepc_op_trap_write, scause_op,
   scause_interrupt_op, stval_op, stval_op_faulting_addr, sstvala_stval_faulting_vaddr, hedeleg_acc, HEDELEG_WARL,
   hedeleg_op, HTVAL_TRAPVAL, MTVAL2_TRAPVAL, H_guest_page_fault, H_cause, H_trap_deleg, H_trap_xtinst_val,
   shvstvala_vstval_written */
#include "hyacinth.h"

#define ABSENT (TEST_VA + 0 * PAGE)    /* mapped to where no memory is */
#define UNMAPPED (TEST_VA + 1 * PAGE)
#define BEYOND (TEST_VA + 2 * PAGE)    /* mapped to a GPA that the G stage does not map */
#define OTHERS (ALL_EXCEPTIONS | BIT(ECALL_U))

int main(void)
{
    const struct {
        uint64_t cause;
        uint64_t address;
        uint32_t word;
        enum reach reach;
    } rows[] = {
        {INSTRUCTION_ACCESS_FAULT, ABSENT, accesses[0].word, FETCH},
        {ILLEGAL_INSTRUCTION, 0, WORD("mret"), FETCH},
        {BREAKPOINT, 0, WORD("ebreak"), FETCH},
        {LOAD_ACCESS_FAULT, ABSENT, WORD("lw a2, 0(a0)"), LOAD},
        {STORE_ACCESS_FAULT, ABSENT, WORD("sb a1, 0(a0)"), STORE},
        {ECALL_U, 0, WORD("ecall"), FETCH},
        {INSTRUCTION_PAGE_FAULT, UNMAPPED, accesses[0].word, FETCH},
        {LOAD_PAGE_FAULT, UNMAPPED, WORD("lhu a2, 0(a0)"), LOAD},
        {STORE_PAGE_FAULT, UNMAPPED, WORD("amoswap.w a2, a1, (a0)"), STORE},
        {INSTRUCTION_GUEST_PAGE_FAULT, BEYOND, accesses[0].word, FETCH},
        {LOAD_GUEST_PAGE_FAULT, BEYOND, WORD("lbu a2, 0(a0)"), LOAD},
        {VIRTUAL_INSTRUCTION, 0, WORD("csrr a2, hstatus"), FETCH},
        {STORE_GUEST_PAGE_FAULT, BEYOND, WORD("sh a1, 0(a0)"), STORE},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    struct guest guest = guest_on(&SV39, &SV39X4);
    struct space own = space_new(&SV39);
    map_program(own);
    csr_write(satp, satp_of(own, 0));
    map(guest.g, TEST_GPA, 0x20000000, 0, LEAF_U);
    for (unsigned m = 0; m < 4; m++) {
        enum mode mode = modes[m];
        uint64_t user = mode & 1 ? 0 : PTE_U;
        map(own, ABSENT, 0x20000000, 0, LEAF | user);
        map(guest.vs, ABSENT, TEST_GPA, 0, LEAF | user);
        map(guest.vs, BEYOND, TEST_GPA + PAGE, 0, LEAF | user);
        fence_all();
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
            for (unsigned setting = 0; setting < 4; setting++) {
                uint64_t cause = rows[i].cause, bit = BIT(cause);
                bool guests = mode >= MODE_VU, of_guests = cause >= 20;
                if ((of_guests && !guests) || (cause == ECALL_U && mode & 1))
                    continue;
                context(mode_name(mode), cause << 8 | setting);
                /* Breakpoints and calls from U are not a library's call here, so they may go anywhere. */
                delegate_exceptions(setting & 1 ? bit : OTHERS & ~bit, setting & 2 ? bit : OTHERS & ~bit);
                enum mode in = !(setting & 1) ? MODE_M : guests && !of_guests && setting & 2 ? MODE_VS : MODE_HS;
                struct trap trap = attempt(mode, rows[i].word, rows[i].address, 0);
                if (rows[i].address)
                    check_fault("fault", trap, in, rows[i].reach, cause, guests && in != MODE_VS,
                                of_guests ? (TEST_GPA + PAGE) >> 2 : 0, false);
                else
                    CHECK_TRAP("trap", trap, .in = in, .cause = cause,
                               .tval = cause == ILLEGAL_INSTRUCTION || of_guests ? THE_INSTRUCTION : 0);
            }
    }
    delegate_exceptions(~0UL, ~0UL);
    context("masks", 0);
    CHECK_EQ("medeleg never holds ECALL from M", csr_read(medeleg) & BIT(ECALL_M), 0);
    CHECK_EQ("hedeleg never holds what a guest cannot know", csr_read(hedeleg) & 0xf00e00, 0);
    CHECK_EQ("hedeleg holds the rest", csr_read(hedeleg) & 0xb1fe, 0xb1fe);
    CHECK_EQ("medeleg holds the rest", csr_read(medeleg) & 0xf0b7fe, 0xf0b7fe);
    return 0;
}
