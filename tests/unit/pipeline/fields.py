"""Fields of payloads as the tables give them, for tests that set them."""

from hyacinth.rtl.pipeline.decode import controls, facts


def known(fields):
    """The fields; those that do not matter are 0."""
    return {name: value or 0 for name, value in fields.items()}


def facts_of(row):
    """What Decoded says of an instruction."""
    return known(facts(row))


def controls_of(row):
    """The Controls of an instruction."""
    return {name: known(value) if isinstance(value, dict) else value or 0 for name, value in controls(row).items()}
