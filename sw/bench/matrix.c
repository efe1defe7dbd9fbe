/* Product of two matrices of 40 by 40 integers, four times: multiplications, strided loads. One matrix and a row of
   the other fit a cache of 16 KiB. */
#include "bench.h"

#define N 40
#define TIMES 4
static int64_t a[N][N], b[N][N], c[N][N];

static uint64_t work(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TIMES * N; i++)
        for (unsigned j = 0; j < N; j++) {
            int64_t dot = 0;
            for (unsigned k = 0; k < N; k++)
                dot += a[i % N][k] * b[k][j];
            c[i % N][j] = dot;
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
    measure("matrix", work, 0xdb07073bdb26e014);
    return 0;
}
