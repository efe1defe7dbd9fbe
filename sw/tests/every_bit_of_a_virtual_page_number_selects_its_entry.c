/* Sv39, Sv48 and Sv57: of two virtual addresses that differ in one bit of the VPN each has its own entry, of 8 bytes, in
   a table of 512, at every level down to the last; the 12 bits below are the same in the page. With the highest bit go
   all bits above it. All the tables that a walk needs are in main memory, where it reads them.
   rules: Sv39_sxlen, Sv39_va_sz, Sv39_vpn_sz, Sv39_levels, Sv39_LEVELS, Sv39_page_offset_sz, Sv39_pte_count,
   Sv39_pte_sz, Sv39_PTESIZE, Sv39_pt_sz, Sv48_sxlen, Sv48_va_sz, Sv48_vpn_sz, Sv48_levels, Sv48_LEVELS,
   Sv48_page_offset_sz, Sv48_PTESIZE, Sv57_sxlen, Sv57_va_sz, Sv57_vpn_sz, Sv57_levels, Sv57_LEVELS,
   Sv57_page_offset_sz, Sv57_PTESIZE, ssccptr_memory_pte_reads */
#include "hyacinth.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    for (unsigned i = 0; i < TEST_PAGES; i++)
        for (unsigned word = 0; word < 512; word++)
            test_pages[i][word] = i << 16 | word;
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++) {
        unsigned width = 12 + 9 * VS_SCHEMES[s]->levels;
        struct space space = supervisor_on(VS_SCHEMES[s]);
        /* Index 0x55 at every level: one bit away from it there is nothing of the program. */
        uint64_t base = 0;
        for (unsigned level = 0; level < VS_SCHEMES[s]->levels; level++)
            base |= 0x55UL << (12 + 9 * level);
        map(space, base, (uint64_t)test_pages[0], 0, LEAF);
        for (unsigned bit = 12; bit < width; bit++) {
            uint64_t address = bit < width - 1 ? base ^ BIT(bit) : base | -BIT(bit);
            unsigned page = 1 + bit % (TEST_PAGES - 1), offset = bit * 8 & 0xff8;
            context(VS_SCHEMES[s]->name, bit);
            check_fault("not mapped yet", attempt(MODE_HS, load, address, 0), MODE_HS, LOAD, LOAD_PAGE_FAULT, false, 0,
                        false);
            map(space, address, (uint64_t)test_pages[page], 0, LEAF);
            asm volatile("sfence.vma" : : : "memory");
            CHECK_EQ("its own page", attempt(MODE_HS, load, address + offset, 0).value, page << 16 | offset / 8);
            CHECK_EQ("base", attempt(MODE_HS, load, base + offset, 0).value, offset / 8);
        }
        context(VS_SCHEMES[s]->name, 0);
        for (unsigned bit = 3; bit < 12; bit++)
            CHECK_EQ("bit of the offset", attempt(MODE_HS, load, base | BIT(bit), 0).value, BIT(bit) / 8);
        translation_off();
    }
    return 0;
}
