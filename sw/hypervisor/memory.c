/* The guest's RAM: G-stage page tables, filled page by page as the guest touches them.
 *
 * A guest believes that its RAM begins at 0x8000_0000: a guest physical address (GPA). The G-stage, whose root is in
 * hgatp, maps it to a page that the hypervisor owns. It is Sv39x4: Sv39 with a root of 16 KiB, because a GPA has two
 * bits more. At the start the tables are empty. Each first touch of a page is a guest-page fault, and memory_fill
 * gives the guest a page: a copy of its image, or zeros. So a guest costs what it uses, and none can name a page of
 * another: there is no address for it.
 */
#include "hypervisor.h"

#define POOL 64                      /* pages for the guests' RAM and the page tables */
#define VMID(g) ((uint64_t)(g)->number + 1)

static uint8_t pool[POOL][PAGE] __attribute__((section(".uninitialised"), aligned(4096)));
static uint64_t roots[GUESTS][2048] __attribute__((aligned(16384)));
static unsigned used;

extern const uint8_t guest_image[], guest_image_end[];

/* A page of zeros: a table without entries, or memory that tells a guest nothing of whoever had it before. */
static uint64_t *allocate(void)
{
    if (used == POOL)
        panic("out of memory: the guests use more than %u pages", (uint64_t)POOL);
    uint64_t *page = (uint64_t *)pool[used++];
    for (unsigned i = 0; i < PAGE / 8; i++)
        page[i] = 0;
    return page;
}

void memory_create(struct guest *g)
{
    g->root = roots[g->number];
}

/* hgatp of the guest: its scheme, its VMID (so that the TLBs tell the guests apart) and the page of the root. */
uint64_t memory_hgatp(const struct guest *g)
{
    return HGATP_SV39X4 | VMID(g) << HGATP_VMID_SHIFT | (uint64_t)g->root >> 12;
}

/* The entry of the last level for `gpa`; the tables above it are made where they are missing. */
static uint64_t *leaf(struct guest *g, uint64_t gpa)
{
    uint64_t *table = g->root;
    for (int level = 2; level > 0; level--) {
        uint64_t *entry = &table[gpa >> (12 + 9 * level) & (level == 2 ? 2047 : 511)];
        if (!(*entry & PTE_V))
            *entry = pte(allocate(), PTE_V);
        table = (uint64_t *)pte_address(*entry);
    }
    return &table[gpa >> 12 & 511];
}

/* Gives the guest the page at `gpa` if that is in its RAM and it has none yet; false if there is nothing to fill. */
bool memory_fill(struct guest *g, uint64_t gpa)
{
    if (gpa - GUEST_RAM >= GUEST_RAM_SIZE)
        return false;
    uint64_t *entry = leaf(g, gpa);
    if (*entry & PTE_V)
        return false;

    uint64_t offset = (gpa - GUEST_RAM) & ~(PAGE - 1);
    uint64_t *page = allocate();
    if (offset < (uint64_t)(guest_image_end - guest_image))
        for (unsigned i = 0; i < PAGE / 8; i++)
            page[i] = ((const uint64_t *)(guest_image + offset))[i];

    /* U, because the G-stage takes every access of a guest for one of user level. A and D are set beforehand: no
     * page is ever written back, so nobody needs to know. */
    *entry = pte(page, PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D);

    /* A TLB may remember that the entry was invalid. The address of HFENCE.GVMA is shifted right by 2, as in htval.
     * FENCE.I: the page may hold instructions, which were just written as data. */
    __asm__ volatile("hfence.gvma %0, %1\n\tfence.i" : : "r"(gpa >> 2), "r"(VMID(g)) : "memory");
    g->statistics.pages++;
    return true;
}

/* Where the hypervisor finds the byte at `gpa` of the guest's RAM, or NULL if that is no RAM. */
uint8_t *memory_at(struct guest *g, uint64_t gpa)
{
    if (gpa - GUEST_RAM >= GUEST_RAM_SIZE)
        return NULL;
    memory_fill(g, gpa);
    return (uint8_t *)pte_address(*leaf(g, gpa)) + gpa % PAGE;
}
