/* What a C compiler calls by itself. */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t count)
{
    char *t = to;
    for (const char *f = from; count; count--)
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
    for (char *t = at; count; count--)
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
