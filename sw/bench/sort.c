/* Quicksort of 4 Ki numbers, four times: unpredictable branches, a working set of 32 KiB, twice a cache of 16 KiB. */
#include "bench.h"

#define COUNT 4096
#define TIMES 4
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
    uint64_t disorder = 0, state = 88172645463325252;
    for (unsigned time = 0; time < TIMES; time++) {
        for (unsigned i = 0; i < COUNT; i++)
            numbers[i] = next_number(&state);
        sort(numbers, numbers + COUNT - 1);
        for (unsigned i = 1; i < COUNT; i++)
            disorder += numbers[i - 1] > numbers[i];
    }
    return disorder;
}

int main(void)
{
    measure("sort", work, 0);
    return 0;
}
