/* mstatus: which fields can be written, and what an illegal value leaves. MPP never holds 2, XLEN is 64 in S and U, and
   all modes are little-endian; SD says whether FS, VS or XS is Dirty.
   rules: mstatus_sz, mstatus_acc, mstatus_sie_rdonly0, mstatus_spie_rdonly0, mstatus_xpp_enc, mstatus_mpp_sz,
   MSTATUS_XPP_WARL, mstatus_spp_sz, MSTATUS_SXL_WARL, MSTATUS_UXL_WARL, mstatus_sxl_op, mstatus_uxl_op,
   mstatus_sxl_enc, mstatus_uxl_enc, mstatus_sxl_acc_mxlen64, MSTATUS_SXL_RDONLY_MXLEN64, mstatus_uxl_acc_mxlen64,
   mstatus_uxl_rdonly_mxlen64, MSTATUS_UXL_LEGAL_VALS_SMODE, SXLEN, UXLEN, mstatus_mprv_rdonly0_no_umode,
   mstatus_mxr_rdonly0_no_smode, mstatus_sum_rdonly0, MSTATUS_MBE_WARL, MSTATUS_SBE_WARL, MSTATUS_UBE_WARL,
   MSTATUS_TVM_WARL, MSTATUS_TW_WARL, mstatus_tw_acc, MSTATUS_TSR_WARL, MSTATUS_TSR_ACC, mstatus_xs_acc,
   mstatus_sd_acc, mstatus_sd_op */
#include "hyacinth.h"

static uint64_t written(uint64_t mask, uint64_t bits)
{
    csr_put(mstatus, mask, bits);
    return csr_read(mstatus) & mask;
}

int main(void)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } rows[] = {{"SIE", MSTATUS_SIE}, {"MIE", MSTATUS_MIE}, {"SPIE", MSTATUS_SPIE}, {"MPIE", MSTATUS_MPIE},
                {"SPP", MSTATUS_SPP}, {"MPRV", MSTATUS_MPRV}, {"SUM", MSTATUS_SUM}, {"MXR", MSTATUS_MXR},
                {"TVM", MSTATUS_TVM}, {"TW", MSTATUS_TW}, {"TSR", MSTATUS_TSR}};
    csr_set(mstatus, MSTATUS_MPP); /* so that MPRV changes nothing */
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t before = csr_read(mstatus);
        CHECK_EQ(rows[i].name, written(rows[i].bit, rows[i].bit), rows[i].bit);
        CHECK_EQ("no other field", csr_read(mstatus) ^ before, rows[i].bit);
        CHECK_EQ(rows[i].name, written(rows[i].bit, 0), 0);
    }
    static const uint64_t modes[] = {0, 1, 3};
    for (unsigned i = 0; i < 3; i++) {
        context("MPP before", modes[i]);
        CHECK_EQ("MPP", written(MSTATUS_MPP, modes[i] << 11), modes[i] << 11);
        CHECK("MPP never holds 2", written(MSTATUS_MPP, 2UL << 11) != 2UL << 11);
    }
    for (uint64_t xlen = 0; xlen < 4; xlen++) {
        context("XLEN", xlen);
        CHECK_EQ("SXL", written(MSTATUS_SXL, xlen << 34), 2UL << 34);
        CHECK_EQ("UXL", written(MSTATUS_UXL, xlen << 32), 2UL << 32);
    }
    for (uint64_t state = 0; state < 4; state++) {
        context("FS, VS and XS", state);
        csr_put(mstatus, MSTATUS_FS | MSTATUS_VS | MSTATUS_XS, state << 13 | state << 9 | state << 15);
        uint64_t status = csr_read(mstatus);
        bool dirty = (status >> 13 & 3) == 3 || (status >> 9 & 3) == 3 || (status >> 15 & 3) == 3;
        CHECK_EQ("XS", status & MSTATUS_XS, 0);
        CHECK_EQ("SD", status >> 63, dirty);
        csr_write(mstatus, status ^ MSTATUS_SD);
        CHECK_EQ("SD is read-only", csr_read(mstatus) >> 63, dirty);
    }
    context(0, 0);
    CHECK_EQ("MBE, SBE and UBE", written(MSTATUS_MBE | MSTATUS_SBE | MSTATUS_UBE, -1UL & (MSTATUS_MBE | MSTATUS_SBE
             | MSTATUS_UBE)), 0);
    return 0;
}
