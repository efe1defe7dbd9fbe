/* Walks by the tables as they are, or as they were: what an entry or a root held since the last fence that covers it.

   Changes are remembered of tables by which some address has been translated, and of those below a root when that
   became one. What only speculation can have read of others, before the program used them, is not looked for. */

enum { EVENTS = 1024, CHAINS = 1 << 14, MAX_STEPS = 64, MAX_WALKS = 4096, ROOT_LEVEL = 5 };

static const u64 root_place[] = {SATP, VSATP, HGATP};  /* by stage: its register stands for an address */
static u64 root_before[3];             /* of each stage, its value after the last instruction */

static struct event {                  /* a change of an entry or a root, or a fence */
  int is_fence, stage, by_address, by_id;
  int unsure;                          /* A or D is set for Spike; for the core it may be still as it was */
  u64 place, old;                      /* of a change: the address of the entry, or the CSR number */
  u64 address, id, vmid;               /* of a fence; vmid of a change of vsatp as well */
  u64 previous;                        /* number of the event before in its chain */
} events[EVENTS];                      /* the last ones; their numbers count from 1 */
static u64 event_count, newest_fence;
static u64 newest_change[CHAINS];      /* by place: the number of the last change, the head of a chain */
static u64 updated_until[3];           /* of each stage, the number after the last event while hardware set A, or 0 */
static int updating[3];                /* whether it does now */
static u8 is_table[1 << 16];           /* whether a walk has come by, by the low bits of the page number */

static int setting;                    /* of an access, LOAD or STORE, by which walks set A and D; else NONE */

/* A walk. Of the values that the entry at a step may have, number `chosen` counts; 0 is the one that it has now. */
static struct {
  unsigned steps, global, chosen[MAX_STEPS], choices[MAX_STEPS];
  unsigned foreign;                    /* another ASID, or a fence of this one: what only global mappings survive */
  unsigned stale;                      /* there are values from before a change that may still count */
  u64 place[MAX_STEPS], *where[MAX_STEPS], value[MAX_STEPS];
  int updated[MAX_STEPS];              /* A and D are set by hardware */
  enum refusal refusal;                /* where it led NOWHERE */
  u64 gpa;                             /* which the G stage refused */
} walk;

static u64 vmid_of(u64 hgatp) { return hgatp >> 44 & 0x3fff; }
static u64 vmid_now(void) { return vmid_of(*root[G_STAGE]); }
static u64 asid_of(u64 atp) { return atp >> 44 & 0xffff; }
static u64 id_now(int stage) { return stage == G_STAGE ? vmid_now() : asid_of(*root[stage]); }

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

/* What A and D are in the entry at `place` is sure. */
static void settle(u64 place) {
  struct event *older;
  for (u64 *link = chain(place); (older = event(*link)); )
    if (older->place == place && older->unsure) *link = older->previous;
    else link = &older->previous;
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

/* Whether a root that was there is another of the same address space. From another ASID's, and from tables of another
   depth, mappings may have remained, too: of the former those that are global. */
static int is_of_space(const struct event *e, int stage, u64 now) {
  if (!(e->old >> 60) || !(now >> 60)) return 0;
  if (stage == G_STAGE) return vmid_of(e->old) == vmid_of(now);
  return stage == SINGLE || e->vmid == vmid_now();
}

/* The value of an entry, or a root, that counts in this walk. */
static u64 look(int stage, u64 place, u64 *where, u64 address, unsigned level) {
  unsigned step = walk.steps++, choices = 1, global = walk.global;
  u64 value = *where, newest = 0;
  const struct event *e;
  for (u64 n = *chain(place); (e = event(n)); n = e->previous) {
    unsigned foreign = level == ROOT_LEVEL && stage != G_STAGE && asid_of(e->old) != asid_of(*where);
    if (e->place == place && !e->unsure && !newest) newest = n;
    if (e->place != place || e->old == *where) continue;
    if (e->unsure && !((e->old ^ *where) & ~(u64)A_AND_D)) {
      if (choices++ == walk.chosen[step]) value = e->old;
      continue;
    }
    if (level == ROOT_LEVEL && !is_of_space(e, stage, *where)) continue;
    /* A fence that names an ASID spares global mappings; whether this is one the leaf may say. */
    foreign |= stage != G_STAGE && is_fenced(n, stage, e->old, address, level);
    walk.global |= foreign;
    int fenced = is_fenced(n, stage, e->old, address, level);
    walk.global = global;
    walk.stale |= !fenced;
    if (!fenced && choices++ == walk.chosen[step]) value = e->old, walk.foreign |= foreign;
  }
  /* A fetch that turned out to be wrong may have set A. */
  if (level != ROOT_LEVEL && *where & 1 && *where & (R | X) && !(*where & A) && newest < updated_until[stage]
      && choices++ == walk.chosen[step]) value = *where | A;
  walk.choices[step] = choices, walk.place[step] = place, walk.where[step] = where, walk.value[step] = value;
  walk.updated[step] = level != ROOT_LEVEL && is_updated(stage);
  return value;
}

static u64 translate(int stage, u64 address);

/* By the G stage, where an entry of the VS stage lies, which is read, or written for A and D. */
static u64 place_of(u64 gpa, int kind) {
  int kept = setting, explicit = asked.kind;
  if (setting) setting = kind;
  if (asked.kind) asked.kind = kind == STORE ? TABLE_WRITE : TABLE_READ;
  u64 place = translate(G_STAGE, gpa);
  setting = kept, asked.kind = explicit;
  return place;
}

/* Sets A, or A and D, in a leaf, where hardware does; in the VS stage that is a write of the page in which it lies. */
static void set_bits(int stage, u64 place, u64 *where) {
  u64 bits = setting == STORE ? A_AND_D : A_AND_D & 0x40;
  if (!(bits & ~*where) || !is_updated(stage)) return;
  if (stage == VS_STAGE) place_of(place, STORE);
  *where |= bits;
}

static u64 refuse(int stage, u64 address) {
  walk.refusal = stage == G_STAGE ? GUEST_PAGE : PAGE;
  if (stage == G_STAGE) walk.gpa = address;
  return NOWHERE;
}

/* Where an address leads, NOWHERE if to a fault; rights count where something is `asked`. */
static u64 translate(int stage, u64 address) {
  u64 entry = look(stage, root_place[stage], root[stage], address, ROOT_LEVEL), found = address;
  unsigned levels = (unsigned)(entry >> 60) - 5, extra = stage == G_STAGE ? 2 : 0;
  if (entry >> 60) {
    u64 high = address >> (11 + 9 * levels), table = entry << 20 >> 8;
    if (extra ? high >> 3 : high && high != NOWHERE >> (11 + 9 * levels)) return refuse(stage, address);
    for (unsigned level = levels, leaf = 0; !leaf; table = entry >> 10 << 12) {
      if (!level) return refuse(stage, address);
      unsigned shift = 12 + 9 * --level, bits = level == levels - 1 ? 9 + extra : 9;
      u64 place = table | (address >> shift & (((u64)1 << bits) - 1)) << 3, own_place = place;
      if (stage == VS_STAGE && (place = place_of(place, LOAD)) == NOWHERE) return NOWHERE;
      u64 *where = (u64 *)memory(place);
      if (!where || (asked.kind && !spike_pmp_ok(mmu, place, 8, SPIKE_LOAD, 1, 0))) {
        walk.refusal = ACCESS;
        return NOWHERE;
      }
      is_table[place >> 12 & 0xffff] = 1;
      entry = look(stage, place, where, address, level);
      if (!(entry & 1) || (entry & ~options.pte_bits) >> 54 || (entry & 6) == 4) return refuse(stage, address);
      if (stage != G_STAGE) walk.global |= entry >> 5 & 1;
      leaf = (entry & 0xe) != 0;
      if (leaf && entry >> 10 & (((u64)1 << 9 * level) - 1)) return refuse(stage, address);
      if (entry >> 63) {  /* 64 KiB: NAPOT */
        if (!leaf || level || (entry >> 10 & 15) != 8) return refuse(stage, address);
        shift = 16, entry &= ~((u64)15 << 10);
      }
      if (asked.kind && (leaf ? is_refused(stage, entry) : is_reserved(entry))) return refuse(stage, address);
      if (leaf && asked.kind && stage == VS_STAGE && needs_bits(entry) && place_of(own_place, STORE) == NOWHERE)
        return NOWHERE;
      if (leaf && setting) set_bits(stage, own_place, where);
      entry &= ((u64)1 << 54) - 1;
      found = entry >> 10 << 12 | (address & (((u64)1 << shift) - 1));
    }
  }
  if (walk.foreign && !walk.global && stage != G_STAGE) return refuse(stage, address);
  return stage == VS_STAGE ? translate(G_STAGE, found) : found;
}

static void begin_walk(void) { walk.steps = walk.global = walk.foreign = walk.stale = 0, walk.refusal = ALLOWED; }

/* Where the entries as they are now lead `address`. */
static u64 leads_to(int stage, u64 address) {
  begin_walk();
  memset(walk.chosen, 0, sizeof walk.chosen);
  return translate(stage, address);
}
