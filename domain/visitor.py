"""What is known of a visitor who is handed over: how well they fit, what they said of themselves, a summary (pure)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

Fit = Literal["strong", "partial", "weak", "unknown"]

# How many of the latest messages a summary quotes, and how many characters of each.
QUOTED, LONGEST = 3, 200
# The most characters that are read of a message.
LONGEST_LINE = 1500
_NO_NAME: Final = r"(?!(?:Saya|Kami|Aku|Kita|Mau|Ini|Itu|Yang|Kak|Pak|Bu|Mas|Mbak|I|We|The)\b)"
_NAME: Final = rf"({_NO_NAME}[A-Z][\w&'-]*(?:\s+[A-Z][\w&'-]*){{0,3}})"
# The type of business comes before the name. It is part of the name only if it is capitalised (PT Maju Jaya).
NAME_AFTER_TYPE: Final = re.compile(
    r"\b((?:PT|CV|UD|Toko|Bengkel|Warung|Klinik|Salon|Kedai|Apotek|Hotel|Yayasan)\.?(?:\s+[A-Z][\w&'-]*){1,4})"
    rf"|(?i:\b(?:toko|kedai|klinik|bimbel|olshop|salon|laundry|warung|restoran|rumah\s+makan|yayasan(?:\s+pendidikan)?"
    rf"|medsos))\s+{_NAME}"
)
NAMED: Final = re.compile(
    r"(?i:\b(?:nama\s+(?:usaha|toko|perusahaan|bisnis|brand)(?:nya|\s+(?:saya|kami|ku))?(?:\s+(?:adalah|itu))?"
    r"|(?:usaha|toko|bisnis)(?:\s+(?:saya|sy|kami))?\s+namanya"
    r"|(?:my|our)\s+(?:company|business|shop|brand)\s+is(?:\s+called)?|(?:bakery|shop|company|business|salon)\s+called"
    r"|(?:i\s+work|working)\s+(?:at|for)|(?:from|dari)\s+(?:perusahaan|company)"
    r"|(?:manager|director|owner|admin|consultant|konsultan\s+\w+|manajer(?:\s+operasional)?|direktur)\s+(?:at|of|di)))"
    rf"\s+(?i:(?:hotel|pt|cv)\s+)?{_NAME}"
)
# A company that they speak of, and not their own.
OF_OTHERS: Final = re.compile(
    r"\b(?:lihat|liat|vendor|pake|pakai|beli|kompetitor|supplier|saingan|pernah|sebelah|suami|istri|teman|temen)\b",
    re.IGNORECASE,
)
# "saya Rina, pemilik", "I'm just the admin"; not "saya tanya bos dulu".
OWN: Final = (
    r"(?:saya|sy|aku|gue|gw|gua|i\s+am|i'?m|as|sebagai|selaku)\s+"
    r"(?:(?:(?:\w+\s+)?\w+,|adalah|sendiri|cuma|hanya|selaku|the|an?|just|only|\w+\s+\w+\s+selaku)\s+){0,3}"
)
SOMEBODY: Final = re.compile(
    r"\b(?:suami|istri|bos|teman|temen|kakak|adik|anak|bapak|ibu|ortu|husband|wife|friend|boss)\s+$", re.IGNORECASE
)
# A role, and how somebody says that it is theirs; the first that matches counts.
ROLES: Final[Mapping[str, re.Pattern[str]]] = {
    role: re.compile(rf"\b{OWN}(?:{words})\b", re.IGNORECASE)
    for role, words in {
        "owner": r"pemilik\w*|owner\w*|(?:yang|yg)\s+punya|founder|pendiri|co-?founder",
        "director": r"direktur|director|ceo|bos",
        "manager": r"(?:\w+\s+)?(?:manajer|manager)|kepala\s+\w+|head\s+of\s+\w+",
        "consultant": r"(?:\w+\s+)?(?:konsultan|consultant)|freelancer?",
        "admin": r"admin|cs|customer\s+service|asisten|assistant",
    }.items()
}
BUSINESS: Final = (
    r"(?:usaha|bisnis|toko|warung|kedai|laundry|bengkel|salon|klinik|cafe|kafe|resto\w*|butik|apotek|olshop|katering|pabrik"
    r"|kos\w*|rumah\s+makan|perusahaan|bakery|shop|store|business|company|restaurant|clinic|agency|factory|studio)"
)
OWNS: Final = re.compile(
    rf"\b(?:saya|sy|aku|gw|gue|kami)\s+(?:ada\s+|sudah\s+|udah\s+)?(?:punya|buka|jalanin|rintis)\s+(?:\w+\s+)?{BUSINESS}\b"
    rf"|\b(?:i|we)\s+(?:also\s+)?(?:own|run|have)\s+(?:a|an|my|our|the|two|three)\s+(?:\w+\s+){{0,2}}{BUSINESS}\b"
    rf"|\b(?:usaha|bisnis|toko)\s+(?:saya|sendiri|kami)\b|\bmy\s+(?:own\s+)?{BUSINESS}\b",
    re.IGNORECASE,
)
DECIDES: Final = re.compile(
    r"\b(?:saya|aku)\s+(?:sendiri\s+)?(?:yang|yg)\s+(?:\w+\s+)?\w*(?:putus|mutus|tentu|nentu)\w*"
    r"|\bkeputusan\w*\s+(?:ada\s+)?(?:di|sama)\s+(?:saya|aku)|\bi\s+(?:can\s+)?(?:make\s+the\s+)?(?:decide|decision)"
    r"|\b(?:it'?s|that'?s)\s+my\s+(?:call|decision)",
    re.IGNORECASE,
)
CONSULTANT: Final = re.compile(
    rf"\b{OWN}(?:\w+\s+)?(?:konsultan|consultant)|\b(?:untuk|buat|for)\s+(?:(?:a|my|our|klien|para)\s+)?(?:klien|client)s?\b"
    r"|\b(?:agensi|agency)\s+(?:saya|kami)|\b(?:my|our|an?)\s+agency\b",
    re.IGNORECASE,
)
REFERRAL: Final = re.compile(
    r"\b(?:di)?rekomendasi\w*\s+(?:\w+\s+)?(?:dari|oleh|sama|teman|temen|saudara)|\bdirekomendasi\w*"
    r"|\b(?:tau|tahu|dapat|dapet|info)\w*\s+(?:\w+\s+)?(?:dari|dr)\s+(?:teman|temen|saudara|kakak|adik|tetangga|rekan)"
    r"|\b(?:referred|recommended)\s+(?:\w+\s+)?by\b|\b(?:friend|colleague|neighbou?r|sister|brother)\s+(?:of\s+mine\s+)?"
    r"(?:\w+\s+)?(?:told|recommended|referred|suggested)|\bdikenal(?:in|kan)\s+(?:sama|oleh)"
    r"|\b(?:dapat|dapet|dapek)\s+(?:nomor|nomer|kontak)\s+(?:\w+\s+)?(?:dari|dr)\s+(?:bu|pak|mas|mbak|kak|teman|temen)"
    r"|\b(?:teman|temen)\s+(?:\w+\s+){0,2}(?:nyuruh|nyaranin|rekomendasi\w*)",
    re.IGNORECASE,
)


class VisitorLine(NamedTuple):
    """What one message says, and whether the visitor wrote it."""

    text: str
    inbound: bool


def facts(fields: Mapping[str, Any], lines: Sequence[VisitorLine]) -> dict[str, Any]:
    """The values of a handoff, named like those of a context packet; only what is known.

    `fields` are those of the lead (name, email, business_type, pain_points …), `lines` its chat, oldest first.
    """
    said = [line.text for line in lines if line.inbound]
    role = next((role for role, way in ROLES.items() if any(_is_own(way, text) for text in said)), None)
    found = {
        "visitor_name": (fields.get("name") or "")[:LONGEST] or None,
        "visitor_email": fields.get("email"),
        "visitor_phone": fields.get("phone"),
        "visitor_company": _company(said),
        "visitor_role": role or ("owner" if _any(OWNS, said) else None),
        "problem_fit": _problem(fields),
        "authority_fit": _authority(fields, role, said),
        "company_fit": _company_fit(fields),
        "timing_fit": _timing(fields),
        "is_consultant": _any(CONSULTANT, said),
        "referral_mentioned": _any(REFERRAL, said),
    }
    return {name: value for name, value in found.items() if value not in (None, "unknown", False)}


def summary(fields: Mapping[str, Any], lines: Sequence[VisitorLine]) -> str:
    """Return the model's story of the visitor, else what is known in sentences, and their latest messages."""
    told = fields.get("story") or _sentences(fields)
    last = [f"“{line.text[:LONGEST]}”" for line in lines if line.inbound and line.text.strip()][-QUOTED:]
    words = f" Latest messages: {', '.join(last)}." if last else ""
    return (told or "Nothing is known of this visitor yet.") + words


def _sentences(fields: Mapping[str, Any]) -> str:
    somebody = "The visitor" if fields.get("business_type") or fields.get("domisili") else ""
    who = fields.get("name") or somebody
    trade = f"runs: {fields['business_type']}" if fields.get("business_type") else ""
    place = f"in {fields['domisili']}" if fields.get("domisili") else ""
    since = f"({fields['business_duration']})" if fields.get("business_duration") else ""
    points, warmth = fields.get("lead_score"), fields.get("lead_temperature")
    parts = [
        " ".join(part for part in (who, trade, place, since) if part),
        _labelled("Pains", ", ".join(fields.get("pain_points") or [])),
        _labelled("Wants", fields.get("interest_motivation")),
        _labelled("Priority", fields.get("priority")),
        _labelled("Urgency", fields.get("urgency_level")),
        _labelled("Objection", fields.get("objection_raised")),
        f"Score {points}{f' ({warmth})' if warmth else ''}" if points is not None else "",
    ]
    return " ".join(f"{part}." for part in parts if part)


def _labelled(label: str, value: str | None) -> str:
    return f"{label}: {value}" if value else ""


def _any(way: re.Pattern[str], said: Sequence[str]) -> bool:
    return any(way.search(text) for text in said)


def _is_own(way: re.Pattern[str], text: str) -> bool:
    """Whether they say it of themself: "saya manager", not "suami saya manager"."""
    return any(not SOMEBODY.search(text[: match.start()]) for match in way.finditer(text[:LONGEST_LINE]))


def _company(said: Sequence[str]) -> str | None:
    """The last one that they name as their own."""
    found = [
        match[1] or (match[2] if match.re is NAME_AFTER_TYPE else None)
        for text in said
        for match in sorted(
            (*NAME_AFTER_TYPE.finditer(text[:LONGEST_LINE]), *NAMED.finditer(text[:LONGEST_LINE])),
            key=lambda one: one.start(),
        )
        if not OF_OTHERS.search(text[max(0, match.start() - 25) : match.start()])
    ]
    return found[-1].strip() if found and found[-1] else None


def _problem(fields: Mapping[str, Any]) -> Fit:
    pains, motive = fields.get("pain_points"), fields.get("interest_motivation")
    return "strong" if pains and motive else "partial" if pains or motive else "unknown"


def _authority(fields: Mapping[str, Any], role: str | None, said: Sequence[str]) -> Fit:
    if fields.get("objection_raised") == "approval" or role == "admin":
        return "weak"
    if role in ("owner", "director") or _any(DECIDES, said) or _any(OWNS, said):
        return "strong"
    return "partial" if role else "unknown"


def _company_fit(fields: Mapping[str, Any]) -> Fit:
    trade, since = fields.get("business_type"), fields.get("business_duration")
    return "strong" if trade and since else "partial" if trade or since else "unknown"


def _timing(fields: Mapping[str, Any]) -> Fit:
    fits: Mapping[str, Fit] = {"high": "strong", "medium": "partial", "low": "weak"}
    return fits.get(fields.get("urgency_level") or "", "unknown")
