/* SGEI that is pending and enabled ends WFI in HS, though sstatus.SIE is 0. */
#include "interrupts.h"

int main(void)
{
    csr_write(hgeie, BIT(1));
    csr_write(hie, BIT(SGEI));
    GUEST_EXTERNAL_SET = BIT(1);
    CHECK_NO_TRAP("WFI", attempt(MODE_HS, WORD("wfi"), 0, 0));
    GUEST_EXTERNAL_CLEAR = BIT(1);
    return 0;
}
