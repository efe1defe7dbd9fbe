/* MRET: to MPP with V=MPV, but M has V=0 whatever MPV says; MPIE to MIE; MPP becomes U, MPV 0, MPIE 1; MPRV is
   cleared on the way out of M alone.
   rules: mstatus_mprv_clr_mret_sret_less_priv, mret_enc, mret_presence, mstatus_mpv_op, mret_h */
#include "hyacinth.h"

static uint64_t mret_to_machine(uint64_t mprv)
{
    csr_put(mstatus, MSTATUS_MPP | MSTATUS_MPV | MSTATUS_MPIE | MSTATUS_MIE, MSTATUS_MPP | MSTATUS_MPV | MSTATUS_MPIE);
    csr_set(mstatus, mprv);
    uint64_t after, here;
    asm volatile("lla %1, 1f\ncsrw mepc, %1\nmret\n1: csrr %0, mstatus\ncsrw mscratch, %1"
                 : "=r"(after), "=&r"(here) : : "memory");
    csr_clear(mstatus, MSTATUS_MIE | MSTATUS_MPRV);
    return after;
}

static uint64_t nothing(uint64_t x)
{
    return x;
}

int main(void)
{
    uint64_t scratch = csr_read(mscratch);
    uint64_t after = mret_to_machine(MSTATUS_MPRV); /* still M-mode: it writes mscratch and does not trap */
    CHECK_EQ("MPP after MRET", after & MSTATUS_MPP, 0);
    CHECK_EQ("MPV after MRET", after & MSTATUS_MPV, 0);
    CHECK_EQ("MPIE after MRET", after & MSTATUS_MPIE, MSTATUS_MPIE);
    CHECK_EQ("MIE after MRET", after & MSTATUS_MIE, MSTATUS_MIE);
    CHECK_EQ("MPRV after MRET to M", after & MSTATUS_MPRV, MSTATUS_MPRV);
    csr_write(mscratch, scratch);

    static const enum mode lower[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    for (unsigned i = 0; i < 4; i++) {
        context("mode", lower[i]);
        csr_set(mstatus, MSTATUS_MPRV);
        run_in(lower[i], nothing, 0);
        CHECK_EQ("MPRV after MRET to less than M", csr_read(mstatus) & MSTATUS_MPRV, 0);
        CHECK_EQ("MPP after the call", csr_read(mstatus) >> 11 & 3, lower[i] & 3);
        CHECK_EQ("MPV after the call", csr_read(mstatus) >> 39 & 1, lower[i] >> 2);
    }
    context(0, 0);
    csr_put(mstatus, MSTATUS_MPP, MSTATUS_MPP_S);
    csr_put(mstatus, MSTATUS_MPP, 2UL << 11);
    CHECK("MPP never holds the reserved 2", (csr_read(mstatus) >> 11 & 3) != 2);
    return 0;
}
