/* ECALL: 8 from U and VU, 9 from HS, 10 from VS, 11 from M; the record names the mode, xtval is 0.
   rules: misa_s_op, misa_u_op, mtval_other_traps_zero, ecall_epc_value, always_priv_level, priv_levels,
   priv_combs, ecall_op */
#include "hyacinth.h"

static uint64_t twice(uint64_t x)
{
    return 2 * x;
}

int main(void)
{
    static const struct {
        enum mode mode;
        uint64_t cause;
    } rows[] = {{MODE_U, ECALL_U}, {MODE_HS, ECALL_S}, {MODE_M, ECALL_M}, {MODE_VU, ECALL_U}, {MODE_VS, ECALL_VS}};

    for (unsigned i = 0; i < 5; i++) {
        context("mode", rows[i].mode);
        CHECK_EQ("result of a function", run_in(rows[i].mode, twice, 21), 42);
        CHECK_TRAP("ECALL", attempt(rows[i].mode, WORD("ecall"), 0, 0), .in = MODE_M, .cause = rows[i].cause);
        CHECK_NO_TRAP("NOP", attempt(rows[i].mode, WORD("nop"), 0, 0));
    }
    return 0;
}
