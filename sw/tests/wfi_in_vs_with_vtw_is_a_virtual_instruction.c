/* hstatus.VTW=1: WFI in VS raises a virtual-instruction exception (it may wait in no bounded time). */
#include "hyacinth.h"

int main(void)
{
    csr_set(hstatus, HSTATUS_VTW);
    CHECK_TRAP("WFI in VS", attempt(MODE_VS, WORD("wfi"), 0, 0),
               .in = MODE_M, .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    delegate_exceptions(BIT(VIRTUAL_INSTRUCTION), 0);
    CHECK_TRAP("WFI in VS, delegated", attempt(MODE_VS, WORD("wfi"), 0, 0),
               .in = MODE_HS, .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    return 0;
}
