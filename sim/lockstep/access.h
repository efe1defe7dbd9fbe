/* What an access asks of the entries by which its address is translated. A part of walks.h. */

enum { SINGLE, VS_STAGE, G_STAGE, NO_STAGE };
enum { FETCH = AMO + 1, EXECUTABLE, MANAGE, TABLE_READ, TABLE_WRITE };  /* after NONE, LOAD, STORE, AMO */
enum { SPIKE_LOAD, SPIKE_STORE, SPIKE_FETCH };
enum refusal { ALLOWED, PAGE, GUEST_PAGE, ACCESS };
enum { R = 2, W = 4, X = 8, U = 0x10, A = 0x40, D = 0x80, A_AND_D = A | D };
enum {  /* sets of causes */
  FETCH_FAULTS = 1 << 1 | 1 << 12 | 1 << 20, DATA_FAULTS = 0xa0 | 0xa000 | 0xa00000,
  PAGE_FAULTS = 0xb000, GUEST_PAGE_FAULTS = 0xb00000 };
#define NOWHERE (~(u64)0)

static u64 *root[3];                   /* of each stage: where Spike has satp, vsatp and hgatp */
static struct { int kind, user; } asked;

static void ask(int kind, u64 in) { asked.kind = kind, asked.user = !(in & 1); }

/* The kind of an instruction's access. */
static int access_of(u32 i) {
  if (is_on_block(i)) return zeroes_block(i) ? STORE : MANAGE;
  if (is_hypervisor_access(i) && (i >> 20 & 0x3f) == 3) return EXECUTABLE;  /* HLVX; bit 25 is that of HSV */
  return (int)kind_of(i, STORE);
}

/* menvcfg, or that and henvcfg, as the tables of a stage have it. */
static u64 environment(int stage) {
  return read_csr(MENVCFG) & (stage == VS_STAGE ? read_csr(HENVCFG) : ~(u64)0);
}

/* Whether A and D are set by hardware in the tables of a stage. */
static int is_updated(int stage) { return environment(stage) >> 61 & 1; }  /* ADUE */

static int writes(void) { return asked.kind == STORE || asked.kind == AMO || asked.kind == TABLE_WRITE; }

/* Whether A or D has to be set in a leaf. */
static int needs_bits(u64 entry) { return (writes() ? A_AND_D : A) & ~entry ? 1 : 0; }

/* Whether an entry that points to a table has what only a leaf may have. */
static int is_reserved(u64 entry) { return entry >> 61 || entry & (U | A_AND_D); }

/* Whether a leaf refuses the access that is asked for. */
static int is_refused(int stage, u64 entry) {
  u64 status = read_csr(MSTATUS), guest = stage == VS_STAGE ? read_csr(VSSTATUS) : status;
  int explicit = asked.kind != TABLE_READ && asked.kind != TABLE_WRITE, mxr = explicit && (status | guest) >> 19 & 1;
  u64 rights = entry | (mxr && entry & X ? R : 0), sum = guest >> 18 & 1, type = entry >> 61 & 3;
  if (type == 3 || (type && !(environment(stage) >> 62 & 1))) return 1;                     /* PBMTE */
  if (stage == G_STAGE || asked.user ? !(entry & U) : entry & U && (asked.kind == FETCH || !sum)) return 1;
  if (needs_bits(entry) && !is_updated(stage)) return 1;
  if (asked.kind == FETCH || asked.kind == EXECUTABLE) return !(entry & X);
  if (asked.kind == MANAGE) return !(rights & (R | W));
  return !(rights & (writes() ? W : R));
}

/* Whether PMP refuses the access to some of `length` bytes at a physical address. */
static int is_protected(u64 address, unsigned length) {
  int type = asked.kind == FETCH ? SPIKE_FETCH : writes() ? SPIKE_STORE : SPIKE_LOAD;
  for (u64 at = address & ~(u64)3; at < address + length; at += 4)
    if (!spike_pmp_ok(mmu, at, 4, type, !asked.user, asked.kind == EXECUTABLE)) return 1;
  return 0;
}

/* Whether memory may refuse the access at a physical address: by PMP, or because it is none. */
static int may_be_refused(u64 address) {
  u64 block = address & -(u64)BLOCK, from = asked.kind == STORE || asked.kind == MANAGE ? block : address & ~(u64)7;
  return !memory(address) || is_protected(from, (unsigned)(block + BLOCK - from));
}
