/* A counter that wraps sets OF of its mhpmevent and LCOFIP: interrupt 13, which M or HS takes as mideleg says, out of a
   guest too. While OF is 1 another overflow requests nothing. Only the mode that no filter names is counted.
   needs: sscofpmf
   rules: mhpmevent_of_op, mhpmevent_of_bit_set, hpmcounter_overflow, count_overflow_interrupt, mhpmevent_inh_op,
   sip_lcofip_op, mip_lcofip_op, mie_lcofie_op, sip_lcofip_Sscofpmf_op, sie_lcofip_Sscofpmf_op, scountovf_op,
   vsip_vsie_lcofi, LCOFI_INTR_IMPL, sie_lcofip_Sscofpmf_acc */
#include "interrupts.h"

#define LCOFI IRQ_LCOFI
#define ALL_INHIBITS (MHPMEVENT3_MINH | MHPMEVENT3_SINH | MHPMEVENT3_UINH | MHPMEVENT3_VSINH | MHPMEVENT3_VUINH)
#define EVENTS_LEFT 100

static const struct {
    enum mode mode;
    uint64_t inhibit;
} rows[] = {{MODE_U, MHPMEVENT3_UINH}, {MODE_HS, MHPMEVENT3_SINH}, {MODE_VU, MHPMEVENT3_VUINH},
            {MODE_VS, MHPMEVENT3_VSINH}};

int main(void)
{
    for (unsigned row = 0; row < 4; row++)
        for (unsigned delegated = 0; delegated < 2; delegated++) {
            enum mode mode = rows[row].mode;
            context(mode_name(mode), delegated);
            delegate_interrupts(delegated ? BIT(LCOFI) : 0, ~0UL);
            csr_clear(mip, BIT(LCOFI));
            csr_write(mie, BIT(LCOFI));
            csr_write(mhpmcounter3, -EVENTS_LEFT);
            csr_write(mhpmevent3, EVENT_RETIRED | (ALL_INHIBITS & ~rows[row].inhibit));
            for (unsigned i = 0; i < 2 * EVENTS_LEFT; i++)
                asm volatile("");
            CHECK_EQ("M-mode is not counted", csr_read(mhpmcounter3), -EVENTS_LEFT);
            CHECK_TRAP("overflow", trap_of(mode, wait_for, WAIT_FOR(1UL, mode == MODE_HS)),
                       .in = delegated ? MODE_HS : MODE_M, .cause = INTERRUPT(LCOFI));
            CHECK_EQ("OF", csr_read(mhpmevent3) >> 63, 1);
            CHECK_EQ("scountovf", csr_read(scountovf), BIT(3));
            CHECK_EQ("sip shows what is delegated", csr_read(sip) & BIT(LCOFI), delegated ? BIT(LCOFI) : 0);
            CHECK_EQ("no guest sees it", csr_read(vsip) | csr_read(vsie), 0);

            csr_clear(mip, BIT(LCOFI));
            csr_write(mie, BIT(LCOFI));
            csr_write(mhpmcounter3, -EVENTS_LEFT);
            CHECK_NO_TRAP("OF is 1 already", trap_of(mode, wait_for, WAIT_FOR(1UL, mode == MODE_HS)));
            CHECK("it has wrapped", csr_read(mhpmcounter3) < 0x10000);
            CHECK_EQ("no request", csr_read(mip) & BIT(LCOFI), 0);
        }
    return 0;
}
