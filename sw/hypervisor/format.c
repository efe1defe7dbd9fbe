/* A small printf for the hypervisor, the guest's kernel and the user program alike. */
#include "riscv.h"

/* Writes `text` with its arguments to `out`, at most `size` characters; returns how many. */
size_t format(char *out, size_t size, const char *text, __builtin_va_list arguments)
{
    size_t length = 0;
    for (; *text && length < size; text++) {
        if (*text != '%') {
            out[length++] = *text;
            continue;
        }
        bool left = *++text == '-';
        text += left;
        size_t width = 0;
        while (*text >= '0' && *text <= '9')
            width = 10 * width + (size_t)(*text++ - '0');

        char digits[24];
        char *item = digits + sizeof digits;
        size_t item_length;
        if (*text == 's') {
            item = __builtin_va_arg(arguments, char *);
            for (item_length = 0; item[item_length]; item_length++)
                ;
        } else if (*text == 'c') {
            *--item = (char)__builtin_va_arg(arguments, uint64_t);
            item_length = 1;
        } else {
            uint64_t value = __builtin_va_arg(arguments, uint64_t);
            uint64_t base = *text == 'x' ? 16 : 10;
            bool negative = *text == 'd' && (int64_t)value < 0;
            if (negative)
                value = -value;
            do
                *--item = "0123456789abcdef"[value % base];
            while (value /= base);
            if (negative)
                *--item = '-';
            item_length = (size_t)(digits + sizeof digits - item);
        }
        size_t fill = width > item_length ? width - item_length : 0;
        for (size_t i = 0; i < fill + item_length && length < size; i++) {
            size_t blank = left ? item_length : 0;
            bool pad = i >= blank && i < blank + fill;
            out[length++] = pad ? ' ' : item[left ? i : i - fill];
        }
    }
    return length;
}
