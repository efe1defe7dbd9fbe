/* Translations that are stale and allowed: by what a table or a root held since the last fence that covers it.

   Between a change of an entry and a fence an access may be translated by the old entry or by the new one (supervisor
   chapter, "Supervisor Memory-Management Fence Instruction"; hypervisor chapter, "Hypervisor Memory-Management Fence
   Instructions"), and Spike's choice need not be the core's. So each address of the core's is looked up in Spike's
   tables. Where the core went elsewhere, and entries as they were explain that, they are put back for this one
   instruction, and Spike decides: on rights, on faults, on what is loaded.

   Changes are remembered of tables by which some address has been translated. What only speculation can have read of
   others, before the program used them, is not looked for. */

enum { SINGLE, VS_STAGE, G_STAGE, NO_STAGE };
enum { A_AND_D = 0xc0, EVENTS = 1024, CHAINS = 1 << 14, MAX_STEPS = 64, MAX_WALKS = 256, ROOT_LEVEL = 5 };
#define NOWHERE (~(u64)0)

static const u64 root_place[] = {SATP, VSATP, HGATP};  /* by stage: its register stands for an address */
static u64 *root[3], root_before[3];   /* of each stage: where Spike has it, and its value after the last instruction */

static struct event {                  /* a change of an entry or a root, or a fence */
  int is_fence, stage, by_address, by_id;
  u64 place, old;                      /* of a change: the address of the entry, or the CSR number */
  u64 address, id, vmid;               /* of a fence; vmid of a change of vsatp as well */
  u64 previous;                        /* number of the event before in its chain */
} events[EVENTS];                      /* the last ones; their numbers count from 1 */
static u64 event_count, newest_fence;
static u64 newest_change[CHAINS];      /* by place: the number of the last change, the head of a chain */
static u8 is_table[1 << 16];           /* whether a walk has come by, by the low bits of the page number */

static struct { u64 *where, real, stale; } shown[2 * MAX_STEPS];  /* what Spike sees otherwise in this instruction */
static unsigned shown_count;
static int setting;                    /* of an access, LOAD or STORE, by which walks set A and D; else NONE */

/* A walk. Of the values that the entry at a step may have, number `chosen` counts; 0 is the one that it has now. */
static struct {
  unsigned steps, global, chosen[MAX_STEPS], choices[MAX_STEPS];
  u64 *where[MAX_STEPS], value[MAX_STEPS];
} walk;

static u64 vmid_now(void) { return *root[G_STAGE] >> 44 & 0x3fff; }
static u64 id_now(int stage) { return stage == G_STAGE ? vmid_now() : *root[stage] >> 44 & 0xffff; }

static u64 *chain(u64 place) { return &newest_change[place >> 3 & (CHAINS - 1)]; }

static struct event *event(u64 number) {  /* 0 where it is forgotten, or there is none */
  return number && number + EVENTS > event_count ? &events[number % EVENTS] : 0;
}

/* An older event of the same change adds nothing: every fence after this one is after that one, too. */
static void remember(struct event e) {
  u64 *head = e.is_fence ? &newest_fence : chain(e.place);
  struct event *older;
  for (u64 *link = head; !e.is_fence && (older = event(*link)); link = &older->previous)
    if (older->place == e.place && older->old == e.old && older->vmid == e.vmid) {
      *link = older->previous;
      break;
    }
  e.previous = *head, *head = ++event_count;
  events[event_count % EVENTS] = e;
}

/* Whether a fence after event `number` covers the value that an entry had until then, on the way of `address`. */
static int is_fenced(u64 number, int stage, u64 old, u64 address, unsigned level) {
  int leaf = level != ROOT_LEVEL && (old & 0xf) != 1, global = walk.global || (level != ROOT_LEVEL && old >> 5 & 1);
  for (u64 n = newest_fence; n > number; n = event(n)->previous) {
    const struct event *e = event(n);
    if (e->stage == stage && (stage != VS_STAGE || e->vmid == vmid_now())
        && (!e->by_id || (e->id == id_now(stage) && (stage == G_STAGE || !global)))
        && (!e->by_address || (leaf && !((e->address ^ address) >> (12 + 9 * level))))) return 1;
  }
  return 0;
}

/* The value of an entry, or a root, that counts in this walk. */
static u64 look(int stage, u64 place, u64 *where, u64 address, unsigned level) {
  unsigned step = walk.steps++, choices = 1;
  u64 value = *where;
  const struct event *e;
  for (u64 n = *chain(place); (e = event(n)); n = e->previous) {
    if (e->place != place || e->old == *where) continue;
    if (level == ROOT_LEVEL && ((e->old ^ *where) >> 44 || (stage == VS_STAGE && e->vmid != vmid_now()))) continue;
    if (is_fenced(n, stage, e->old, address, level)) continue;
    if (choices++ == walk.chosen[step]) value = e->old;
  }
  walk.choices[step] = choices, walk.where[step] = where, walk.value[step] = value;
  return value;
}

/* Whether A and D are set by hardware in the tables of a stage. */
static int is_updated(int stage) {
  return (read_csr(MENVCFG) & (stage == VS_STAGE ? read_csr(HENVCFG) : ~(u64)0)) >> 61 & 1;  /* ADUE */
}

static u64 translate(int stage, u64 address);

/* Sets A, or A and D, in a leaf, where hardware does; in the VS stage that is a write of the page in which it lies. */
static void set_bits(int stage, u64 place, u64 *where) {
  u64 bits = setting == STORE ? A_AND_D : A_AND_D & 0x40;
  if (!(bits & ~*where) || !is_updated(stage)) return;
  if (stage == VS_STAGE) {
    int kept = setting;
    setting = STORE, translate(G_STAGE, place), setting = kept;
  }
  *where |= bits;
}

/* Where an address leads, NOWHERE if to a fault. Rights are Spike's business. */
static u64 translate(int stage, u64 address) {
  u64 entry = look(stage, root_place[stage], root[stage], address, ROOT_LEVEL), found = address;
  unsigned levels = (unsigned)(entry >> 60) - 5, extra = stage == G_STAGE ? 2 : 0;
  if (entry >> 60) {
    u64 high = address >> (11 + 9 * levels), table = entry << 20 >> 8;
    if (extra ? high >> 3 : high && high != NOWHERE >> (11 + 9 * levels)) return NOWHERE;
    for (unsigned level = levels, leaf = 0; !leaf; table = entry >> 10 << 12) {
      if (!level) return NOWHERE;
      unsigned shift = 12 + 9 * --level, bits = level == levels - 1 ? 9 + extra : 9;
      u64 place = table | (address >> shift & (((u64)1 << bits) - 1)) << 3, own_place = place;
      int kept = setting;
      if (setting) setting = LOAD;
      if (stage == VS_STAGE) place = translate(G_STAGE, place);
      setting = kept;
      u64 *where = (u64 *)memory(place);
      if (!where) return NOWHERE;
      is_table[place >> 12 & 0xffff] = 1;
      entry = look(stage, place, where, address, level);
      if (!(entry & 1) || (entry & ~options.pte_bits) >> 54 || (entry & 6) == 4) return NOWHERE;
      if (stage != G_STAGE) walk.global |= entry >> 5 & 1;
      leaf = (entry & 0xe) != 0;
      if (leaf && entry >> 10 & (((u64)1 << 9 * level) - 1)) return NOWHERE;
      if (entry >> 63) {  /* 64 KiB: NAPOT */
        if (!leaf || level || (entry >> 10 & 15) != 8) return NOWHERE;
        shift = 16, entry &= ~((u64)15 << 10);
      }
      if (leaf && setting) set_bits(stage, own_place, where);
      entry &= ((u64)1 << 54) - 1;
      found = entry >> 10 << 12 | (address & (((u64)1 << shift) - 1));
    }
  }
  return stage == VS_STAGE ? translate(G_STAGE, found) : found;
}

/* Where the entries as they are now lead `address`. */
static u64 leads_to(int stage, u64 address) {
  walk.steps = walk.global = 0;
  memset(walk.chosen, 0, sizeof walk.chosen);
  return translate(stage, address);
}

/* Whether the entries that count in this walk lead `address` to `wanted`, or to the `length` bytes of `code`. */
static int leads(int stage, u64 address, u64 wanted, const void *code, unsigned length) {
  walk.steps = walk.global = 0;
  u64 found = translate(stage, address);
  if (!code || found == NOWHERE) return !code && found == wanted;
  const u8 *there = memory(found);
  return !there || !memcmp(there, code, length);
}

/* The next choice of what counts; 0 where there is none. */
static int choose(void) {
  unsigned step = walk.steps;
  while (step && walk.chosen[step - 1] + 1 == walk.choices[step - 1]) walk.chosen[--step] = 0;
  return step && ++walk.chosen[step - 1];
}

/* Shows Spike entries that lead so: the present ones if they do, or if none do that may count. */
static void show(int stage, u64 address, u64 wanted, const void *code, unsigned length) {
  unsigned walks = 0;
  if (stage == NO_STAGE) return;
  memset(walk.chosen, 0, sizeof walk.chosen);
  while (!leads(stage, address, wanted, code, length))
    if (!choose() || ++walks == MAX_WALKS) return;
  for (unsigned i = 0; i < walk.steps && shown_count < 2 * MAX_STEPS; i++)
    if (walk.chosen[i]) {
      shown[shown_count].where = walk.where[i], shown[shown_count].real = *walk.where[i];
      *walk.where[i] = shown[shown_count++].stale = walk.value[i];
    }
  if (shown_count) spike_flush_icache(mmu), spike_flush_tlb(mmu);
}

static int stage_of(u64 mode) { return mode == MODE_M ? NO_STAGE : mode & MODE_V ? VS_STAGE : SINGLE; }

/* The stage that translates the loads and stores of an instruction. */
static int data_stage(const u64 *r) {
  u64 status = read_csr(MSTATUS);
  if (is_hypervisor_access((u32)r[F_bits])) return VS_STAGE;
  if (r[F_mode] != MODE_M || !(status >> 17 & 1)) return stage_of(r[F_mode]);
  return stage_of((status >> 11 & 3) == 3 ? MODE_M : (status >> 11 & 3) | (status >> 39 & 1) << 2);
}

/* Before an instruction: shows Spike the tables that its addresses, or its page fault, went by. */
static void show_tables(const u64 *r) {
  u64 pc_now = r[F_pc], bits = r[F_bits], code = r[F_trapped] ? (u64)1 << r[F_code] : 0, gva = r[F_gva];
  unsigned size = (bits & 3) == 3 ? 4 : 2, first = 4096 - (pc_now & 4095), bytes = 1u << r[F_size];
  int fetch_stage = stage_of(r[F_mode]);
  if (r[F_trapped] && r[F_interrupt]) return;
  if (first > size) first = size;
  if (code & (1 << 12 | 1 << 20)) {
    show(fetch_stage, r[F_tval], NOWHERE, 0, 0);
  } else if (!(code & 1 << 1)) {
    show(fetch_stage, pc_now, 0, &bits, first);
    if (first < size) show(fetch_stage, pc_now + first, 0, (u8 *)&bits + first, size - first);
  }
  if (code & (1 << 13 | 1 << 15 | 1 << 21 | 1 << 23)) show(data_stage(r), r[F_tval], NOWHERE, 0, 0);
  if (code || (r[F_memory] == NONE && !is_on_block((u32)bits))) return;
  if (is_on_block((u32)bits)) return show(data_stage(r), gva & -(u64)BLOCK, r[F_hpa] & -(u64)BLOCK, 0, 0);
  show(data_stage(r), gva, r[F_hpa], 0, 0);
  if ((gva & 4095) + bytes > 4096) show(data_stage(r), (gva | 4095) + 1, r[F_hpa_next], 0, 0);
}

/* Remembers what an instruction that is about to be stepped will change, or that it is a fence. */
static int remember_changes(const u64 *r) {
  u32 bits = (u32)r[F_bits], function = bits >> 25;
  int changes_table = 0;
  u32 kind = function & ~2u;  /* SINVAL.VMA and HINVAL are as the fences */
  int fence = (bits & 0x7fff) == 0x73 && (kind == 0x09 || kind == 0x11 || kind == 0x31);
  if (r[F_trapped]) return 0;
  if (fence) {
    unsigned rs1 = bits >> 15 & 31, rs2 = bits >> 20 & 31;
    int stage = function >> 4 == 3 ? G_STAGE : function >> 4 == 1 ? VS_STAGE : r[F_mode] & MODE_V ? VS_STAGE : SINGLE;
    remember((struct event){1, stage, rs1 != 0, rs2 != 0, .address = x[rs1] << (stage == G_STAGE ? 2 : 0),
                            .id = x[rs2] & 0xffff, .vmid = vmid_now()});
  }
  if (r[F_memory] != STORE && r[F_memory] != AMO) return 0;
  for (u64 i = 0, size = 1u << r[F_size], inner = 4096 - (r[F_hpa] & 4095); i < size; ) {
    u64 address = i < inner ? r[F_hpa] + i : r[F_hpa_next] + (i - inner), *entry;
    if (is_table[address >> 12 & 0xffff] && (entry = (u64 *)memory(address & ~(u64)7)))
      remember((struct event){.place = address & ~(u64)7, .old = *entry}), changes_table = 1;
    i += 8 - (address & 7);
  }
  return changes_table;
}

/* After the instruction: Spike's tables are the present ones again, and none that are older are left in its TLB. */
static void show_present_tables(int changed) {
  changed |= shown_count != 0;
  while (shown_count) {
    shown_count--;
    if (!((*shown[shown_count].where ^ shown[shown_count].stale) & ~(u64)A_AND_D))  /* which Spike may have set */
      *shown[shown_count].where = shown[shown_count].real;
  }
  for (int stage = SINGLE; stage <= G_STAGE; stage++)
    if (*root[stage] != root_before[stage]) {
      remember((struct event){.place = root_place[stage], .old = root_before[stage], .vmid = vmid_now()});
      root_before[stage] = *root[stage], changed = 1;
    }
  if (changed) spike_flush_icache(mmu), spike_flush_tlb(mmu);
}

static int start_stale(void) {
  u8 *own = (u8 *)word(csrs[SATP], CSR_COPY_V0);  /* satp shows vsatp where V=1 */
  if (!own || word(own, CSR_ADDRESS) != SATP) return 0;
  root[SINGLE] = (u64 *)(own + CSR_VALUE), root[VS_STAGE] = storage(VSATP), root[G_STAGE] = storage(HGATP);
  for (int stage = SINGLE; stage <= G_STAGE; stage++) root_before[stage] = *root[stage];
  memset(newest_change, 0, sizeof newest_change), memset(is_table, 0, sizeof is_table);
  event_count = newest_fence = shown_count = 0;
  return 1;
}
