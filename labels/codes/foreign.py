"""What biip knows and we do not: GS1 Digital Links, rare application identifiers, UPC-E.

Imported when first needed: reading its tables is a noticeable part of the program's start.
"""

from biip import ParseConfig, ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.upc import Upc

from labels.codes.gs1 import Fields

_CONFIG = ParseConfig(gs1_element_strings_verify_date=False)


def link_fields(text: str) -> Fields | str:
    """The fields of a GS1 Digital Link, or why it is none."""
    try:
        found = GS1DigitalLinkURI.parse(text, config=_CONFIG).element_strings
    except (ParseError, ValueError) as error:
        return str(error)
    return tuple((e.ai.ai, e.value) for e in found)


def message_fields(text: str) -> Fields | None:
    """The fields of an element string with identifiers that our table does not know."""
    try:
        return tuple((e.ai.ai, e.value) for e in GS1Message.parse(text, config=_CONFIG).element_strings)
    except (ParseError, ValueError):
        return None


def gtin_of_upc_e(text: str) -> str | None:
    """The GTIN-14 that a UPC-E stands for."""
    try:
        return Upc.parse(text).as_gtin_14()
    except ParseError:
        return None
