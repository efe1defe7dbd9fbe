"""Programs that cannot run on Spike 0.0.5.dev20, each with the reason. They follow the manual."""

NOT_ON_SPIKE = {
    "the_transformed_instruction_is_the_manuals": "Spike never transforms: it writes 0, as the manual allows",
    "hgeip_reaches_vs_through_vgein_and_hs_as_sgei": "Spike has GEILEN=0",
    "wfi_in_hs_ends_on_a_guest_external_interrupt": "Spike has GEILEN=0",
    "vstip_follows_stce_and_htimedelta_whenever_they_change":
        "Spike computes VSTIP when time or vstimecmp changes, at no other time",
}
