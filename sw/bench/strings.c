/* Copying, comparing and searching of text by bytes: loads, stores and short loops. */
#include "bench.h"

#define LENGTH 4096
static char text[LENGTH + 1], copy[LENGTH + 1];

static size_t length_of(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

static void copy_string(char *to, const char *from)
{
    while ((*to++ = *from++)) {
    }
}

static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a - *b;
}

static const char *find(const char *in, const char *word)
{
    size_t length = length_of(word);
    for (; *in; in++) {
        size_t i = 0;
        while (i < length && in[i] == word[i])
            i++;
        if (i == length)
            return in;
    }
    return 0;
}

static uint64_t work(void)
{
    uint64_t sum = 0;
    for (unsigned round = 0; round < 12; round++) {
        copy_string(copy, text);
        sum += length_of(copy) + (compare(copy, text) == 0);
        const char *found = find(copy, "zyxw");
        sum += found ? (uint64_t)(found - copy) : 1;
    }
    return sum;
}

int main(void)
{
    uint64_t state = 1234567;
    for (unsigned i = 0; i < LENGTH; i++)
        text[i] = 'a' + next_number(&state) % 23;
    for (unsigned i = 0; i < 4; i++)
        text[LENGTH - 5 + i] = 'z' - i;
    measure("strings", work, 12 * (LENGTH + 1 + LENGTH - 5));
    return 0;
}
