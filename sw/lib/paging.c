#include "hyacinth.h"

const struct scheme BARE = {"Bare", 0, 0, 0};
const struct scheme SV39 = {"Sv39", 8, 3, 0}, SV48 = {"Sv48", 9, 4, 0}, SV57 = {"Sv57", 10, 5, 0};
const struct scheme SV39X4 = {"Sv39x4", 8, 3, 2}, SV48X4 = {"Sv48x4", 9, 4, 2}, SV57X4 = {"Sv57x4", 10, 5, 2};
const struct scheme *const VS_SCHEMES[4] = {&BARE, &SV39, &SV48, &SV57};
const struct scheme *const G_SCHEMES[4] = {&BARE, &SV39X4, &SV48X4, &SV57X4};

bool supported(const struct scheme *scheme)
{
    static unsigned widest; /* levels */
    if (!widest) {
        uint64_t kept = csr_read(satp);
        for (unsigned i = 0; i < 4; i++) {
            csr_write(satp, VS_SCHEMES[i]->mode << 60);
            if (csr_read(satp) >> 60 == VS_SCHEMES[i]->mode)
                widest = VS_SCHEMES[i]->levels;
        }
        csr_write(satp, kept);
    }
    return scheme->levels <= widest;
}

#define POOL_PAGES 256
static uint64_t pool[POOL_PAGES][512] __attribute__((aligned(16384), section(".pages")));
uint64_t test_pages[TEST_PAGES][512] __attribute__((aligned(65536), section(".pages")));
static unsigned pool_used;

/* `count` zeroed pages, aligned to their size. */
static void *pages_new(unsigned count)
{
    pool_used = (pool_used + count - 1) & -count;
    if (pool_used + count > POOL_PAGES)
        check_eq("pages left for page tables", 0, 1);
    uint64_t *page = pool[pool_used];
    pool_used += count;
    for (unsigned i = 0; i < 512 * count; i++)
        page[i] = 0;
    return page;
}

void *page_new(void)
{
    return pages_new(1);
}

struct space space_new(const struct scheme *scheme)
{
    return (struct space){scheme, scheme->levels ? pages_new(1 << scheme->extra) : 0};
}

uint64_t *pte_of(struct space space, uint64_t address, unsigned level)
{
    uint64_t *table = space.root;
    for (unsigned i = space.scheme->levels - 1;; i--) {
        unsigned bits = 9 + (i == space.scheme->levels - 1 ? space.scheme->extra : 0);
        uint64_t *entry = &table[address >> (12 + 9 * i) & (BIT(bits) - 1)];
        if (i == level)
            return entry;
        if (!(*entry & PTE_V))
            *entry = PTE_PPN(page_new()) | PTE_V;
        table = (uint64_t *)(*entry >> 10 << 12);
    }
}

void map(struct space space, uint64_t address, uint64_t target, unsigned level, uint64_t flags)
{
    *pte_of(space, address, level) = PTE_PPN(target) | flags;
}

uint64_t satp_of(struct space space, uint64_t asid)
{
    return space.scheme->mode << 60 | asid << 44 | (uint64_t)space.root >> 12;
}

uint64_t hgatp_of(struct space space, uint64_t vmid)
{
    return satp_of(space, vmid);
}

void map_program(struct space space)
{
    if (!space.scheme->levels)
        return;
    map(space, 0, 0, 2, LEAF);
    map(space, RAM, RAM, 2, LEAF);
    map(space, RAM + USER_ALIAS, RAM, 2, LEAF_U);
}

void map_machine(struct space space)
{
    if (!space.scheme->levels)
        return;
    map(space, 0, 0, 2, LEAF_U);
    map(space, RAM, RAM, 2, LEAF_U);
}

struct space supervisor_on(const struct scheme *scheme)
{
    struct space space = space_new(scheme);
    map_program(space);
    csr_write(satp, satp_of(space, 0));
    fence_all();
    return space;
}

struct guest guest_on(const struct scheme *vs, const struct scheme *g)
{
    struct guest guest = {space_new(vs), space_new(g)};
    map_program(guest.vs);
    map_machine(guest.g);
    csr_write(vsatp, satp_of(guest.vs, 0));
    csr_write(hgatp, hgatp_of(guest.g, 0));
    fence_all();
    return guest;
}

void translation_off(void)
{
    csr_write(satp, 0);
    if (hypervisor) {
        csr_write(vsatp, 0);
        csr_write(hgatp, 0);
    }
    fence_all();
    pool_used = 0;
}

void fence_all(void)
{
    asm volatile("sfence.vma" : : : "memory");
    if (hypervisor)
        asm volatile("hfence.vvma\nhfence.gvma" : : : "memory");
}
