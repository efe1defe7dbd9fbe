/* Product of two matrices of 64 by 64 integers: multiplications, strided loads. */
#include "bench.h"

#define N 64
static int64_t a[N][N], b[N][N], c[N][N];

static uint64_t work(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < N; i++)
        for (unsigned j = 0; j < N; j++) {
            int64_t dot = 0;
            for (unsigned k = 0; k < N; k++)
                dot += a[i][k] * b[k][j];
            c[i][j] = dot;
            sum = sum * 31 + (uint64_t)dot;
        }
    return sum;
}

int main(void)
{
    for (unsigned i = 0; i < N; i++)
        for (unsigned j = 0; j < N; j++) {
            a[i][j] = ((int64_t)i * 7 + j * 3) % 101 - 50;
            b[i][j] = (int64_t)(i * 5 + j * 11) % 97 - 48;
        }
    measure("matrix", work, 0x64496232d76d5a80);
    return 0;
}
