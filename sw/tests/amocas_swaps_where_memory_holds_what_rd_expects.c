/* AMOCAS.W, D and Q, and B and H where there is Zabha: rd, or the pair, gets what memory held, and where that is what it
   expected, memory gets rs2, or the pair. Bits above the size do not matter; a W is sign-extended. A pair that begins
   with x0 is 0, and is not written.

   needs: zacas, zabha
   rules: Zacas_rv64_amocas-w_op, Zacas_rv64_amocas-d_op, Zacas_rv64_amocas-q_op, Zacas_rv64_amocas-q_rs2_frst_reg_x0,
   Zacas_rv64_amocas-q_rd_frst_reg_x0, Zabha_amocas-BH_ignore_bits, Zabha_rd_sign_extension */
#include "cas.h"

typedef uint64_t cas(const void *, uint64_t, uint64_t);

static void check_narrow(void)
{
    static cas *const sizes[] = {amocas_b, amocas_h, amocas_w, amocas_d};
    const uint64_t before = 0x80017ffe80ff8381;
    for (unsigned size = 0; size < 4; size++)
        for (unsigned at = 0; at < 8; at += 1U << size) {
            unsigned bits = 8U << size;
            uint64_t mask = bits == 64 ? ~0UL : (1UL << bits) - 1, old = before >> 8 * at & mask;
            uint64_t extended = (uint64_t)((int64_t)(old << (64 - bits)) >> (64 - bits)), swap = 0x123456789abcdef0;
            context("size and place", size << 4 | at);
            for (unsigned bit = 0; bit < bits; bit += bits - 1) {
                test_pages[0][0] = before;
                CHECK_EQ("rd where it does not match", sizes[size]((uint8_t *)test_pages[0] + at, old ^ 1UL << bit, swap),
                         extended);
                CHECK_EQ("memory where it does not match", test_pages[0][0], before);
            }
            test_pages[0][0] = before;
            CHECK_EQ("rd where it matches", sizes[size]((uint8_t *)test_pages[0] + at, old | ~mask, swap), extended);
            CHECK_EQ("memory where it matches", test_pages[0][0], (before & ~(mask << 8 * at)) | (swap & mask) << 8 * at);
        }
}

static void check_pair(void)
{
    uint64_t *place = test_pages[0];
    const struct pair old = {0x1111, 0x2222}, swap = {0x3333, 0x4444};
    static const struct pair unlike[] = {{1, 0}, {1UL << 63, 0}, {0, 1}, {0, 1UL << 63}, {0, 0}};
    for (unsigned i = 0; i < sizeof unlike / sizeof *unlike; i++) {
        bool matches = i == sizeof unlike / sizeof *unlike - 1;
        context("pair", i);
        place[0] = old.low, place[1] = old.high, place[2] = 0x5a5a;
        struct pair found = amocas_q(place, (struct pair){old.low ^ unlike[i].low, old.high ^ unlike[i].high}, swap);
        CHECK_EQ("rd", found.low, old.low);
        CHECK_EQ("the register after rd", found.high, old.high);
        CHECK_EQ("memory", place[0], matches ? swap.low : old.low);
        CHECK_EQ("memory above", place[1], matches ? swap.high : old.high);
        CHECK_EQ("memory beyond", place[2], 0x5a5a);
    }
    place[0] = place[1] = 0;
    uint64_t ra = 0x77;
    register uint64_t a4 asm("a4") = 5, a5 asm("a5") = 6;
    asm volatile("mv t0, ra\n mv ra, %0\n .insn r 0x2f, 4, 0x14, x0, %1, %2\n mv %0, ra\n mv ra, t0"
                 : "+r"(ra) : "r"(place), "r"(a4), "r"(a5) : "t0", "memory");
    context("x0", 0);
    CHECK_EQ("x1 after the pair of x0 expected zeros", ra, 0x77);
    CHECK_EQ("memory", place[0], 5);
    CHECK_EQ("memory above", place[1], 6);
    register uint64_t a2 asm("a2") = 5, a3 asm("a3") = 6;
    asm volatile(".insn r 0x2f, 4, 0x14, %0, %2, x0" : "+r"(a2), "+r"(a3) : "r"(place) : "memory");
    CHECK_EQ("memory after the pair of x0 was stored", place[0] | place[1], 0);
}

int main(void)
{
    check_narrow();
    check_pair();
    return 0;
}
