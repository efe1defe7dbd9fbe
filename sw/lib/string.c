/* What a C compiler calls by itself. */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word;

/* By words where both ends allow it: structures are copied often. */
void *memcpy(void *to, const void *from, size_t count)
{
    char *t = to;
    const char *f = from;
    if (!(((uintptr_t)t | (uintptr_t)f) & 7)) {
        for (; count >= 32; count -= 32, t += 32, f += 32) {
            word a = ((const word *)f)[0], b = ((const word *)f)[1], c = ((const word *)f)[2], d = ((const word *)f)[3];
            ((word *)t)[0] = a;
            ((word *)t)[1] = b;
            ((word *)t)[2] = c;
            ((word *)t)[3] = d;
        }
        for (; count >= 8; count -= 8, t += 8, f += 8)
            *(word *)t = *(const word *)f;
    }
    for (; count; count--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    char *t = to;
    const char *f = from;
    if (t <= f)
        return memcpy(to, from, count);
    while (count--)
        t[count] = f[count];
    return to;
}

void *memset(void *at, int value, size_t count)
{
    char *t = at;
    if (!((uintptr_t)t & 7)) {
        word pattern = (value & 0xff) * 0x0101010101010101UL;
        for (; count >= 32; count -= 32, t += 32)
            ((word *)t)[0] = ((word *)t)[1] = ((word *)t)[2] = ((word *)t)[3] = pattern;
        for (; count >= 8; count -= 8, t += 8)
            *(word *)t = pattern;
    }
    for (; count; count--)
        *t++ = value;
    return at;
}

int memcmp(const void *one, const void *other, size_t count)
{
    const unsigned char *a = one, *b = other;
    for (; count; count--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}
