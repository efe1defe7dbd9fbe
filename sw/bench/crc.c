/* CRC-32 bit by bit and by table, and divisions: arithmetic without memory traffic. */
#include "bench.h"

#define POLYNOMIAL 0xedb88320U
static uint32_t table[256];

static uint32_t crc_bits(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (unsigned i = 0; i < 8; i++)
        crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
    return crc;
}

static uint64_t work(void)
{
    for (unsigned i = 0; i < 256; i++)
        table[i] = crc_bits(0, i);
    uint32_t by_bits = ~0U, by_table = ~0U;
    uint64_t quotients = 0;
    for (uint64_t i = 1; i <= 24000; i++) {
        uint8_t byte = i * 2654435761U >> 24;
        by_bits = crc_bits(by_bits, byte);
        by_table = by_table >> 8 ^ table[(by_table ^ byte) & 0xff];
        if (i % 16 == 0)
            quotients += by_table / i + by_table % i;
    }
    return by_bits == by_table ? by_bits + quotients : 0;
}

int main(void)
{
    measure("crc", work, 0x4902eb87);
    return 0;
}
