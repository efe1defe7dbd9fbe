"""What can be chosen about a core and the machine around it: values that cannot be wrong."""

import re
from dataclasses import dataclass, fields, replace

from .isa.extensions import EXTENSIONS, OPTIONAL, check

PHYSICAL_BITS = 34
"""Bits of an address that the machine decodes. Whatever lies above them is absent: an access fault, decided at
translation, so that no TLB entry, cache tag or bus carries the other 22 bits."""

LINE_BYTES = 64
"""Bytes in a line of either cache, and in a burst on the bus."""


@dataclass(frozen=True)
class Region:
    """A range of physical addresses and its attributes (machine chapter, "Physical Memory Attributes").

    Main memory is cached, executable, may hold page tables, and takes misaligned accesses and atomics. A device is and
    does none of these.
    """
    name: str
    base: int
    size: int            # bytes, a power of two; `base` is a multiple of it
    memory: bool = False  # main memory, else a device
    writable: bool = True

    def __post_init__(self):
        if self.size < 4096 or self.size & self.size - 1 or self.base % self.size:
            raise ValueError(f"Region {self.name}: base {self.base:#x} and size {self.size:#x}; "
                             "the size must be a power of two of at least 4096, the base a multiple of it")
        if self.base + self.size > 1 << PHYSICAL_BITS:
            raise ValueError(f"Region {self.name} ends above {1 << PHYSICAL_BITS:#x}")


# As the `virt` board of QEMU has it, so that software built for that runs unchanged.
ROM = Region("rom", 0x1000, 0x1000, memory=True, writable=False)
DEVICE_TREE = Region("device-tree", 0x8000, 0x8000, memory=True, writable=False)
FINISHER = Region("finisher", 0x10_0000, 0x1000)
INTERRUPTS = Region("interrupts", 0x11_0000, 0x1000)
CLINT = Region("clint", 0x200_0000, 0x1_0000)
PLIC = Region("plic", 0xC00_0000, 0x400_0000)
UART = Region("uart", 0x1000_0000, 0x1000)
VIRTIO_SLOTS = tuple(range(0x1000_1000, 0x1000_9000, 0x1000))
"""Where virtio devices are: 4 KiB each."""
VIRTIO = (Region("virtio-0", VIRTIO_SLOTS[0], 0x1000), Region("virtio-1", VIRTIO_SLOTS[1], 0x2000),
          Region("virtio-3", VIRTIO_SLOTS[3], 0x4000), Region("virtio-7", VIRTIO_SLOTS[7], 0x1000))
"""The slots as regions, each named by its first one. A machine whose host has no devices leaves them all out."""
RAM = Region("ram", 0x8000_0000, 0x8000_0000, memory=True)
VIRT = (ROM, DEVICE_TREE, FINISHER, INTERRUPTS, CLINT, PLIC, UART, *VIRTIO, RAM)


@dataclass(frozen=True, kw_only=True)
class CoreConfig:
    """What can be chosen about a core. One that exists is valid; ValueError names the field and the mend.

    The manual leaves open what hypervisors trip over; those choices are here (`htinst`, `misaligned`,
    `extensions`, `vmid_bits`, `geilen`, `va_bits`), so that software can be tried against every legal machine.
    """
    hypervisor: bool = True      # the H extension; without it an RV64 with M, S and U
    va_bits: int = 57            # 39, 48 or 57: the widest scheme of either stage; the narrower ones come with it
    asid_bits: int = 16          # of satp and vsatp, 0 to 16
    vmid_bits: int = 14          # of hgatp, 0 to 14
    geilen: int = 8              # guest external interrupts, 0 to 63
    extensions: tuple[str, ...] = tuple(each.name for each in EXTENSIONS if each.in_full)  # of isa/extensions.py
    htinst: str = "full"         # written to htinst and mtinst: "zero", "pseudo" (only what is required) or "full"
    misaligned: str = "hardware"  # loads and stores of main memory: "hardware" does them, "trap" raises 4 and 6
    pmp_entries: int = 16        # 0 or 16
    hpm_counters: int = 4        # mhpmcounter3 and up that count, 0 to 29; the others read as zero
    reset_pc: int = 0x1000       # bytes; the boot ROM
    icache_kib: int = 16         # 4 to 32 KiB
    dcache_kib: int = 16         # 4 to 32 KiB
    itlb_entries: int = 4        # first level, registers
    dtlb_entries: int = 8        # first level, registers
    tlb_entries: int = 128       # second level, both sides, in a memory
    walk_cache_entries: int = 4  # upper levels of the page tables, for each stage
    btb_entries: int = 64        # branch targets remembered
    return_stack: int = 4        # return addresses remembered
    memory_map: tuple[Region, ...] = VIRT

    def __post_init__(self):
        # Without entries Smepmp has nothing to say.
        present = set(self.extensions) - (set() if self.pmp_entries else {"smepmp"})
        object.__setattr__(self, "extensions", tuple(sorted(present)))
        powers = [2**n for n in range(1, 11)]
        for field, legal in (("hypervisor", (False, True)), ("va_bits", (39, 48, 57)), ("asid_bits", range(17)),
                             ("vmid_bits", range(15)), ("geilen", range(64)),
                             ("htinst", ("zero", "pseudo", "full")), ("misaligned", ("hardware", "trap")),
                             ("pmp_entries", (0, 16)), ("hpm_counters", range(30)),
                             ("icache_kib", (4, 8, 16, 32)), ("dcache_kib", (4, 8, 16, 32)),
                             ("itlb_entries", range(1, 65)), ("dtlb_entries", range(1, 65)),
                             ("tlb_entries", powers[3:]), ("walk_cache_entries", range(1, 33)),
                             ("btb_entries", powers[2:]), ("return_stack", powers[:5])):
            if (value := getattr(self, field)) not in legal:
                choice = f"{legal[0]} to {legal[-1]}" if isinstance(legal, range) else ", ".join(map(str, legal))
                raise ValueError(f"CoreConfig.{field} is {value!r}; it can be {choice}")
        if wrong := check(frozenset(self.extensions)):
            raise ValueError(f"CoreConfig.extensions: {wrong}")
        if self.reset_pc % 2 or not any(r.memory and r.base <= self.reset_pc < r.base + r.size
                                        for r in self.memory_map):
            raise ValueError(f"CoreConfig.reset_pc is {self.reset_pc:#x}; it must be even and in main memory or ROM")

    def has(self, extension: str) -> bool:
        """Whether the core has `extension`, by its name in rtl/isa/extensions.py. Raises KeyError on other names."""
        if extension not in OPTIONAL:
            raise KeyError(extension)
        return extension in self.extensions

    def without(self, *extensions: str) -> "CoreConfig":
        """The same core without `extensions`."""
        return replace(self, extensions=tuple(set(self.extensions).difference(extensions)))

    @property
    def masks_pointers(self) -> bool:
        """Whether pointer masking exists for any mode."""
        return any(map(self.has, ("smmpm", "smnpm", "ssnpm")))

    @property
    def hosted(self) -> bool:
        """Whether the memory map has the slots for devices of a host, all of them."""
        return all(region in self.memory_map for region in VIRTIO)


FULL = CoreConfig()
SMALL = replace(FULL, va_bits=39, asid_bits=4, vmid_bits=4, geilen=1, hpm_counters=0, icache_kib=4, dcache_kib=4,
                itlb_entries=2, dtlb_entries=4, tlb_entries=32, walk_cache_entries=2, btb_entries=16,
                extensions=("sstc",))
NO_H = replace(FULL, hypervisor=False, geilen=0)
EVERY = replace(FULL, extensions=tuple(OPTIONAL))
"""With the extensions that `full` lacks, too: what every name is looked up in."""
CONFIGS = {"full": FULL, "small": SMALL, "no-h": NO_H}
"""The named configurations, as `--core` spells them."""


def named(text: str) -> CoreConfig:
    """The core that `text` names.

    A name of CONFIGS, then extensions that it lacks or has, then other fields of CoreConfig, as in "full",
    "full-sstc", "small+svinval", "full-sstc:htinst=zero:tlb_entries=16". Raises ValueError, with the mend.
    """
    base = max((name for name in CONFIGS if text.startswith(name)), key=len, default="")
    if not base or not re.fullmatch(r"([-+][a-z0-9]+)*(:\w+=\w+)*", text[len(base):]):
        raise ValueError(f"{text!r} is not a core, give one of {', '.join(CONFIGS)}; extensions are taken away and "
                         "added, and other fields set, as in full-sstc, small+svinval or full:tlb_entries=16")
    config = CONFIGS[base]
    signs, *settings = text[len(base):].split(":")
    for sign, extension in re.findall(r"([-+])([a-z0-9]+)", signs):
        if extension not in OPTIONAL:
            raise ValueError(f"{text!r} is not a core: {check(frozenset({extension}))}")
        config = config.without(extension) if sign == "-" else \
            replace(config, extensions=(*config.extensions, extension))
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in SETTABLE:
            raise ValueError(f"{text!r} is not a core: it has no {name}; fields are {', '.join(SETTABLE)}")
        try:
            config = replace(config, **{name: value if SETTABLE[name] is str else int(value, 0)})
        except ValueError as error:
            raise ValueError(f"{text!r} is not a core: {error}") from None
    return config


SIZES = ("icache_kib", "dcache_kib", "itlb_entries", "dtlb_entries", "tlb_entries", "walk_cache_entries", "btb_entries",
         "return_stack")
"""Fields of CoreConfig that no program can notice but by its clock."""
SETTABLE = {field.name: field.type for field in fields(CoreConfig) if field.type in (int, str)}
"""Fields of CoreConfig that a name can set."""


def name_of(config: CoreConfig) -> str:
    """The shortest text from which `named` makes `config`; "" where there is none."""
    texts = []
    for name, core in CONFIGS.items():
        other = {field: value for field in SETTABLE if (value := getattr(config, field)) != getattr(core, field)}
        if replace(core, extensions=config.extensions, **other) == config:
            signs = "".join(f"{sign}{each}" for sign, one, two in (("-", core, config), ("+", config, core))
                            for each in one.extensions if each not in two.extensions)
            texts.append(name + signs + "".join(f":{field}={value}" for field, value in other.items()))
    return min(texts, key=len, default="")
