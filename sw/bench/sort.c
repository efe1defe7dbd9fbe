/* Quicksort of 16 Ki numbers: unpredictable branches, a working set of 128 KiB. */
#include "bench.h"

#define COUNT 16384
static uint64_t numbers[COUNT];

static void sort(uint64_t *first, uint64_t *last)
{
    while (first < last) {
        uint64_t pivot = first[(last - first) / 2], *i = first, *j = last;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (pivot < *j)
                j--;
            if (i <= j) {
                uint64_t number = *i;
                *i++ = *j;
                *j-- = number;
            }
        }
        sort(first, j);
        first = i;
    }
}

static uint64_t work(void)
{
    sort(numbers, numbers + COUNT - 1);
    uint64_t disorder = 0;
    for (unsigned i = 1; i < COUNT; i++)
        disorder += numbers[i - 1] > numbers[i];
    return disorder;
}

int main(void)
{
    uint64_t state = 88172645463325252;
    for (unsigned i = 0; i < COUNT; i++)
        numbers[i] = next_number(&state);
    measure("sort", work, 0);
    return 0;
}
