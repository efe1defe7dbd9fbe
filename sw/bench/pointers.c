/* A chain through 256 KiB in an order without pattern: each load waits for the one before, and most miss the cache. */
#include "bench.h"

#define COUNT 4096
static struct node {
    struct node *next;
    uint64_t value[7];
} nodes[COUNT] __attribute__((aligned(64)));

static uint64_t work(void)
{
    uint64_t sum = 0;
    const struct node *node = nodes;
    for (unsigned i = 0; i < 64 * COUNT; i++) {
        sum += node->value[0];
        node = node->next;
    }
    return sum;
}

int main(void)
{
    static uint16_t order[COUNT];
    uint64_t state = 42;
    for (unsigned i = 0; i < COUNT; i++)
        order[i] = i;
    for (unsigned i = COUNT - 1; i > 0; i--) {
        unsigned j = next_number(&state) % (i + 1);
        uint16_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
    for (unsigned i = 0; i < COUNT; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % COUNT]];
        nodes[order[i]].value[0] = order[i];
    }
    measure("pointers", work, 64UL * COUNT * (COUNT - 1) / 2);
    return 0;
}
