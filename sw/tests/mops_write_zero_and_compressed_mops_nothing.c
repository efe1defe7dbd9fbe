/* Zimop: MOP.R.n and MOP.RR.n write zero, whatever rs1 and rs2 hold. Zcmop: C.MOP.n writes nothing, nor the register that
   it may once read.
   rules: Zimop_mop-r_op, Zimop_mop-r_enc, Zimop_mop-rr_op, Zimop_mop-rr_enc, Zcmop_op, Zcmop_enc, Zcmop_enc_table,
   Zcmop_instr_write */
#include "hyacinth.h"
#include "operate.h"

#define MOP_R(n) CHECK_EQ("mop.r." #n, OPERATE_1("mop.r." #n, a), 0);
#define MOP_RR(n) CHECK_EQ("mop.rr." #n, OPERATE("mop.rr." #n, a, ~a), 0);

/* What C.MOP.n leaves in xn. The compiler may have anything there: it is kept in s2. */
#define C_MOP(n) ({ \
    register uint64_t left_ asm("s4"), given_ asm("s3") = a; \
    asm volatile(WITH_EXTENSIONS "mv s2, x" #n "\nmv x" #n ", s3\nc.mop." #n "\nmv s4, x" #n "\nmv x" #n ", s2\n" \
                 ".option pop" : "=r"(left_) : "r"(given_) : "s2"); \
    CHECK_EQ("c.mop." #n, left_, a); \
});

int main(void)
{
    FOR_EACH_A {
        MOP_R(0) MOP_R(1) MOP_R(2) MOP_R(3) MOP_R(4) MOP_R(5) MOP_R(6) MOP_R(7) MOP_R(8) MOP_R(9) MOP_R(10) MOP_R(11)
        MOP_R(12) MOP_R(13) MOP_R(14) MOP_R(15) MOP_R(16) MOP_R(17) MOP_R(18) MOP_R(19) MOP_R(20) MOP_R(21) MOP_R(22)
        MOP_R(23) MOP_R(24) MOP_R(25) MOP_R(26) MOP_R(27) MOP_R(28) MOP_R(29) MOP_R(30) MOP_R(31)
        MOP_RR(0) MOP_RR(1) MOP_RR(2) MOP_RR(3) MOP_RR(4) MOP_RR(5) MOP_RR(6) MOP_RR(7)
        C_MOP(1) C_MOP(3) C_MOP(5) C_MOP(7) C_MOP(9) C_MOP(11) C_MOP(13) C_MOP(15)
    }
    return 0;
}
