/* Code at the end of a page. While its last instructions reach memory past the caches, the next page is walked for the
   fetch that comes after them, and hardware sets A there (Svadu). */
#pragma once
#include "hyacinth.h"

/* Where the code finds its arguments, by a0; they are in t0, t1, t2, t3 and t5. */
struct page_end {
    uint64_t nc;    /* t0: what is reached past the caches */
    uint64_t first; /* t1 */
    uint64_t other; /* t2: in a cached page */
    uint64_t then;  /* t3 */
    uint64_t dirty; /* t5: in the first of twelve pages */
};

/* Before `instructions` all that they need is brought into TLB and caches, but for the line of the next page's entry,
   whose place in the cache is taken by dirty lines: the walk has to write one back. */
#define AT_A_PAGE_END(instructions)                                                                                    \
    extern uint32_t code_begin[], code_end[];                                                                          \
    asm(".option push\n.option norvc\n.balign 4\n.globl code_begin, code_end\ncode_begin:\n"                          \
        "ld t0, 0(a0)\nld t1, 8(a0)\nld t2, 16(a0)\nld t3, 24(a0)\nld t5, 32(a0)\n"                                    \
        "ld t4, 0(t0)\nld t4, 0(t2)\nsd t4, 0(t2)\nlui t6, 1\n"                                                        \
        ".rept 12\nsd t3, 64(t5)\nadd t5, t5, t6\n.endr\n"                                                             \
        "ld t4, 0(t2)\nld t4, 0(t0)\n.rept 16\nnop\n.endr\n" instructions "\ncode_end:\n.option pop\n");

extern uint32_t code_begin[], code_end[];

#define PAGE_END_DATA (TEST_VA + 256 * PAGE)

/* Pages: 0 and 1 for the code and what follows it, 2 for what is reached past the caches, 3 for `other`. */
static inline struct space page_end_on(void)
{
    struct space own = supervisor_on(&SV39);
    map(own, PAGE_END_DATA, (uint64_t)test_pages[2], 0, LEAF | PTE_NC);
    for (unsigned i = 1; i < 14; i++)
        map(own, PAGE_END_DATA + i * PAGE, (uint64_t)test_pages[i + 2], 0, LEAF);
    for (unsigned i = 0; i < PAGE / 8; i++)
        test_pages[1][i] = 0x8082808280828082; /* returns */
    return own;
}

/* Puts the code so that `shift` instructions that do nothing come after it in its page; the entry of the next page,
   without A. The arguments are for the line of that entry. */
static inline uint64_t *page_end_at(struct space own, unsigned shift, struct page_end *arguments, uint64_t *entry_point)
{
    uint64_t code = TEST_VA + (7 + 8 * shift) * PAGE, words = code_end - code_begin;
    map(own, code, (uint64_t)test_pages[0], 0, LEAF);
    map(own, code + PAGE, (uint64_t)test_pages[1], 0, LEAF & ~PTE_A);
    uint32_t *to = (uint32_t *)test_pages[1] - words - shift;
    for (unsigned i = 0; i < words + shift; i++)
        to[i] = i < words ? code_begin[i] : 0x13;
    FENCE_I();
    *entry_point = code + ((uint64_t)to & (PAGE - 1));
    arguments->other = PAGE_END_DATA + PAGE + 800;
    arguments->dirty = PAGE_END_DATA + 2 * PAGE + 64 * shift;
    uint64_t *entry = pte_of(own, code + PAGE, 0);
    asm volatile(".option push\n.option arch, +zicbom\ncbo.flush (%0)\n.option pop" : : "r"(entry) : "memory");
    fence_and_wait();
    return entry;
}
