/* The least that a machine must do to run any program.
   rules: m_mode_mandatory */
#include "hyacinth.h"

static uint64_t zeroed[64];
static uint64_t initialised = 0x0123456789abcdef;

static uint64_t fibonacci(uint64_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void)
{
    CHECK_EQ("mhartid", csr_read(mhartid), 0);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ("a cleared word", zeroed[i], 0);
    CHECK_EQ("an initialised word", initialised, 0x0123456789abcdef);
    CHECK_EQ("a recursive function", fibonacci(12), 144);
    csr_write(mscratch, 0x5a);
    CHECK_EQ("mscratch", csr_read(mscratch), 0x5a);
    return 0;
}
