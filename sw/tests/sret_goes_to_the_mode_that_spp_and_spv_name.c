/* SRET from HS: to SPP with V=SPV, in HS, U, VS and VU; from VS: to VS and VU by vsstatus.SPP, hstatus not looked at;
   from M likewise. Afterwards SPP is 0, SPIE 1, SIE what SPIE was, and SPV 0.
   rules: sret_enc, sret_presence, sret_op, sret_in_M_mode, sstatus_spp_op, sstatus_spie_op, hstatus_spv_sret,
   sret_h, sret_v0, sret_v1 */
#include "hyacinth.h"

static uint64_t who(uint64_t unused)
{
    (void)unused;
    return 0x77;
}

static uint64_t go(uint64_t from_and_to)
{
    csr_put(sstatus, MSTATUS_SPIE | MSTATUS_SIE, MSTATUS_SPIE);
    go_by_sret(from_and_to >> 8, from_and_to & 0xff, who, 0);
}

int main(void)
{
    static const struct {
        enum mode from, to;
    } rows[] = {{MODE_HS, MODE_U}, {MODE_HS, MODE_HS}, {MODE_HS, MODE_VU}, {MODE_HS, MODE_VS},
                {MODE_VS, MODE_VU}, {MODE_VS, MODE_VS}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(mode_name(rows[i].from), rows[i].to);
        csr_write(hstatus, rows[i].from == MODE_VS ? 0 : HSTATUS_SPV); /* as VS, where it must not matter */
        CHECK_EQ("result", run_in(rows[i].from, go, (uint64_t)rows[i].from << 8 | rows[i].to), 0x77);
        CHECK_EQ("privilege that called", csr_read(mstatus) >> 11 & 3, rows[i].to & 3);
        CHECK_EQ("V that called", csr_read(mstatus) >> 39 & 1, rows[i].to >> 2);
        uint64_t status = rows[i].from == MODE_VS ? csr_read(vsstatus) : csr_read(sstatus);
        CHECK_EQ("SPP", status & MSTATUS_SPP, 0);
        CHECK_EQ("SPIE", status & MSTATUS_SPIE, MSTATUS_SPIE);
        CHECK_EQ("SIE", status & MSTATUS_SIE, MSTATUS_SIE);
        CHECK_EQ("SPV", csr_read(hstatus) & HSTATUS_SPV, 0);
    }
    static const enum mode lower[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    for (unsigned i = 0; i < 4; i++) {
        context("from M", lower[i]);
        CHECK_EQ("result", run_in(MODE_M, go, (uint64_t)MODE_HS << 8 | lower[i]), 0x77);
        CHECK_EQ("privilege that called", csr_read(mstatus) >> 11 & 3, lower[i] & 3);
        CHECK_EQ("V that called", csr_read(mstatus) >> 39 & 1, lower[i] >> 2);
    }
    return 0;
}
