/* All pending at once: MEI, MSI, MTI, SEI, SSI, STI, VSEI, VSSI, VSTI within M or HS; in VS the same as SEI, SSI, STI.
   What goes to a more privileged mode comes first whatever its number.
   rules: intr_M_mode_highest_pri, intr_M_mode_pri, s_interrupt_priority, sip_priority_bit_order,
   sie_priority_bit_order, hsint_priority */
#include "interrupts.h"

static void raise_all(bool pending)
{
    static const unsigned codes[] = {SSI, STI, SEI, VSSI, VSTI, VSEI, MSI, MTI, MEI};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        raise(codes[i], pending);
    csr_write(mie, pending ? ~0UL & ~BIT(SGEI) : 0);
}

static void check_order(const char *name, enum mode mode, bool sie, unsigned count, const uint64_t *order)
{
    context(name, 0);
    clear_traps();
    csr_write(vsstatus, 0);
    raise_all(true);
    run_in(mode, wait_for, WAIT_FOR((uint64_t)count, sie));
    raise_all(false);
    CHECK_EQ("number of interrupts", trap_count, count);
    for (unsigned i = 0; i < count; i++) {
        context(name, i);
        CHECK_EQ("mode that took it", traps[i].in, order[i] >> 8);
        CHECK_EQ("code", traps[i].cause, INTERRUPT(order[i] & 0xff));
    }
}

#define IN_M(code) (MODE_M << 8 | (code))
#define IN_HS(code) (MODE_HS << 8 | (code))
#define IN_VS(code) (MODE_VS << 8 | (code))

int main(void)
{
    static const uint64_t machine[] = {IN_M(MEI), IN_M(MSI), IN_M(MTI), IN_M(SEI), IN_M(SSI), IN_M(STI),
                                       IN_HS(VSEI), IN_HS(VSSI), IN_HS(VSTI)};
    delegate_interrupts(0, 0);
    check_order("M, then HS", MODE_U, false, 9, machine);
    static const uint64_t supervisor[] = {IN_M(MEI), IN_M(MSI), IN_M(MTI), IN_HS(SEI), IN_HS(SSI), IN_HS(STI),
                                          IN_HS(VSEI), IN_HS(VSSI), IN_HS(VSTI)};
    delegate_interrupts(~0UL, 0);
    check_order("from HS", MODE_HS, true, 9, supervisor);
    check_order("from VS, though SIE is 0", MODE_VS, false, 9, supervisor);
    static const uint64_t guests[] = {IN_M(MEI), IN_M(MSI), IN_M(MTI), IN_HS(SEI), IN_HS(SSI), IN_HS(STI),
                                      IN_VS(SEI), IN_VS(SSI), IN_VS(STI)};
    delegate_interrupts(~0UL, ~0UL);
    check_order("VS's own last", MODE_VS, true, 9, guests);
    check_order("from VU", MODE_VU, false, 9, guests);
    return 0;
}
