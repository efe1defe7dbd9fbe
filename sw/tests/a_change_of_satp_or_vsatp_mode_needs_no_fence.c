/* A write of satp or vsatp that turns a stage on or off takes effect at once: what was translated under the old regime
   is not used under the new one (rule sfence_vma_mode_effect). A new hgatp.MODE needs an HFENCE.GVMA.
   rules: sfence_vma_mode_effect, hfence-gvma_mode */
#include "hyacinth.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    uint64_t address = (uint64_t)test_pages[0];
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t satp_on = satp_of(own, 0), vsatp_on = satp_of(guest.vs, 0), hgatp_on = hgatp_of(guest.g, 0);
    /* The RAM's gigapage is replaced by one in which the test page alone is another. */
    struct space spaces[3] = {own, guest.vs, guest.g};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t flags = i == 2 ? LEAF_U : LEAF;
        *pte_of(spaces[i], RAM, 2) = 0;
        for (unsigned mib = 0; mib < 16; mib += 2)
            map(spaces[i], RAM + mib * 0x100000, RAM + mib * 0x100000, 1, flags);
        *pte_of(spaces[i], address, 1) = 0;
        for (uint64_t page = address & -0x200000UL, end = page + 0x200000; page < end; page += PAGE)
            map(spaces[i], page, page == address ? (uint64_t)test_pages[1 + i] : page, 0, flags);
    }
    for (unsigned i = 0; i < 4; i++)
        test_pages[i][0] = 0x100 + i;
    csr_write(satp, 0);
    csr_write(vsatp, 0);
    csr_write(hgatp, 0);
    fence_all();
    for (unsigned round = 0; round < 8; round++) {
        context("round", round);
        csr_write(satp, round & 1 ? satp_on : 0);
        CHECK_EQ("HS", attempt(MODE_HS, load, address, 0).value, round & 1 ? 0x101 : 0x100);
        csr_write(vsatp, round & 2 ? vsatp_on : 0);
        csr_write(hgatp, round & 4 ? hgatp_on : 0);
        asm volatile("hfence.gvma" : : : "memory");
        CHECK_EQ("VS", attempt(MODE_VS, load, address, 0).value, round & 2 ? 0x102 : round & 4 ? 0x103 : 0x100);
        csr_write(vsatp, 0);
        CHECK_EQ("VS, bare", attempt(MODE_VS, load, address, 0).value, round & 4 ? 0x103 : 0x100);
        csr_write(hgatp, 0);
        asm volatile("hfence.gvma" : : : "memory");
        CHECK_EQ("VS, both bare", attempt(MODE_VS, load, address, 0).value, 0x100);
        CHECK_EQ("HS again", attempt(MODE_HS, load, address, 0).value, round & 1 ? 0x101 : 0x100);
    }
    return 0;
}
