/* ECALL from HS (9) and from VS (10) go to HS where medeleg says so; never further, hedeleg has no such bits. ECALL
   from VU (8) goes on to VS where hedeleg says so, too.
   rules: stval_op_other_traps, H_cause_ecall */
#include "hyacinth.h"

int main(void)
{
    leave_by = LEAVE_BY_EBREAK; /* breakpoints stay in M */
    delegate_exceptions(BIT(ECALL_S) | BIT(ECALL_VS) | BIT(ECALL_U), ~0UL & ~BIT(BREAKPOINT));
    CHECK_TRAP("HS", attempt(MODE_HS, WORD("ecall"), 0, 0), .in = MODE_HS, .cause = ECALL_S);
    CHECK_TRAP("VS", attempt(MODE_VS, WORD("ecall"), 0, 0), .in = MODE_HS, .cause = ECALL_VS);
    CHECK_TRAP("VU", attempt(MODE_VU, WORD("ecall"), 0, 0), .in = MODE_VS, .cause = ECALL_U);
    CHECK_TRAP("U", attempt(MODE_U, WORD("ecall"), 0, 0), .in = MODE_HS, .cause = ECALL_U);
    CHECK_TRAP("M", attempt(MODE_M, WORD("ecall"), 0, 0), .in = MODE_M, .cause = ECALL_M);
    delegate_exceptions(BIT(ECALL_VS), 0);
    CHECK_TRAP("HS, VS alone delegated", attempt(MODE_HS, WORD("ecall"), 0, 0), .in = MODE_M, .cause = ECALL_S);
    delegate_exceptions(BIT(ECALL_S), 0);
    CHECK_TRAP("VS, HS alone delegated", attempt(MODE_VS, WORD("ecall"), 0, 0), .in = MODE_M, .cause = ECALL_VS);
    return 0;
}
