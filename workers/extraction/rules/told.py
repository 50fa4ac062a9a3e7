"""What one line says: the values of all rules together."""

from dataclasses import dataclass
from enum import Enum

from workers.extraction.rules.finding import FoundValue
from workers.extraction.rules.language import SILENT, Tongue


class Disowns(Enum):
    """What a line says was not about the writer."""

    CHAT = "the whole chat"
    LINE_BEFORE = "the message before"
    BUSINESS = "that there is a business"
    FOR_OTHERS = "what follows, unless a line speaks of the writer"


@dataclass(frozen=True, slots=True)
class Told:
    """What one line says."""

    fields: tuple[FoundValue, ...] = ()
    pains: tuple[FoundValue, ...] = ()
    signals: tuple[FoundValue, ...] = ()
    story: tuple[FoundValue, ...] = ()
    corrects: bool = False
    is_not_expensive: bool = False
    is_no_customer: bool = False
    disowns: Disowns | None = None
    speaks_of_self: bool = True
    tongue: Tongue = SILENT
