/* Where Spike does otherwise than the manual in what no CSR's comparison can leave out: before the step, or after it.

   A part of shim.c, whose Spike and CSRs it uses. */

/* Double traps (Ssdbltrp). */

enum { DOUBLE_TRAP = 16, SDT = 1 << 24, SPIE = 1 << 5, SIE_BIT = 1 << 1 };

static u64 *status_storage(int guest) { return (u64 *)((u8 *)csrs[guest ? VSSTATUS : MSTATUS] + STATUS_VALUE); }

/* SDT as it is stored, of mstatus and, one bit higher, of vsstatus; and SPIE. */
static u64 stored_sdt(void) {
  return (*status_storage(0) & (SDT | SPIE)) | (csrs[VSSTATUS] ? (*status_storage(1) & SDT) << 1 : 0);
}

/* What Spike does otherwise: MRET clears SDT without Smdbltrp, too, and SRET in M as MRET does, and leaves SIE 0 if SDT
   was 1; an interrupt that becomes a double trap enters at its vector, though mcause has an exception. */
static void mend_double_traps(const u64 *r, u64 before) {
  u64 status = read_csr(MSTATUS);
  int mret = r[F_bits] == 0x30200073, sret = r[F_bits] == 0x10200073 && r[F_mode] == MODE_M;
  if (r[F_double] && r[F_interrupt]) *pc = read_csr(MTVEC) & ~(u64)3;
  if (r[F_trapped] || (!mret && !sret)) return;
  if (!options.smdbltrp) {
    if (mret) *status_storage(0) |= before & SDT;
    if (csrs[VSSTATUS]) *status_storage(1) |= before >> 1 & SDT;
  }
  if (sret && status & SDT) *status_storage(0) &= ~SDT;
  if (sret && before & SDT && before & SPIE) *status_storage(0) |= SIE_BIT;
}

/* Interrupts that Spike would take before the one that the core has taken, which by the manual comes first: it takes
   LCOFI before those of guests, and SGEI after all others. They are hidden from it for this step. */
static u64 lesser_interrupts(const u64 *r) {
  enum { SGEI = 12, LCOFI = 1 << 13, OF_VS = 0x444 };
  if (!r[F_trapped] || !r[F_interrupt] || !((OF_VS | 1 << SGEI) >> r[F_code] & 1)) return 0;
  return r[F_code] == SGEI ? LCOFI | OF_VS : LCOFI;
}

/* Blocks that are no memory. Spike has V for GVA there, also where MPRV makes it a guest's address: what GVA lacks. */

static u64 missing_gva(const u64 *r) {
  u32 bits = (u32)r[F_bits];
  u64 status = read_csr(MSTATUS);
  int by_mprv = r[F_mode] == MODE_M && status >> 17 & 1 && (status >> 11 & 3) != 3 && status >> 39 & 1;
  return faulted() && r[F_code] == 7 && is_on_block(bits) && !zeroes_block(bits) && by_mprv ? (u64)1 << 38 : 0;
}

/* CSRs that Spike is not to have. */

/* The name of a CSR in Spike's table. One of the same hash bucket that no instruction can spell removes it. */
static u64 *name_of(unsigned address) {
  for (u8 *node = (u8 *)word(state, STATE_CSRS + MAP_FIRST); node; node = (u8 *)word(node, 0))
    if (word(node, NODE_KEY) == address) return (u64 *)(node + NODE_KEY);
  return 0;
}

/* sireg and its kin in VU, while mstateen0.CSRIND is 0: illegal, as if they did not exist; Spike has them virtual. */
static u64 *name_to_hide(const u64 *r, unsigned address) {
  int closed = csrs[MSTATEEN0] && !(read_csr(MSTATEEN0) >> CSRIND & 1);
  if (r[F_mode] != MODE_V || !closed || address <= SISELECT || address > SIREG6 || !csrs[address]) return 0;
  return name_of(address);
}

/* AMOCAS.Q of a page past the caches is an access fault here, which the manual allows; Spike performs it. For this step
   its address is odd, which Spike refuses with the same cause. */

static unsigned odd;  /* the register whose bit 0 is 1 meanwhile, or 0 */

static void make_odd(const u64 *r) {
  u32 bits = (u32)r[F_bits];
  odd = 0;
  if (!faulted() || r[F_code] != 7 || (bits & 0xf800707f) != 0x2800402f || address_of(bits, x) & 15) return;
  odd = bits >> 15 & 31;
  if (!odd) return;
  x[odd] |= 1;
  do_misaligned(1);  /* else the cause would be another */
}

static void make_even(void) {
  if (!odd) return;
  x[odd] &= ~(u64)1;
  do_misaligned(!options.misaligned_traps);
}
