"""What people are found by: the beginnings of their e-mail address and of the words of their name."""

from footfall.schemas.event import Json
from footfall.words import words

EMAILS = ("email", "e_mail", "e-mail", "mail")
NAMES = ("name", "full_name", "fullName", "first_name", "firstName", "last_name", "lastName")
MOST = 20
LONGEST = 256


def folded_email(text: str) -> str:
    """Returns an e-mail address, or the beginning of one, without case and blanks around it."""
    return text.strip().casefold()[:LONGEST]


def found_by(traits: Json) -> list[str]:
    """Returns what a person is found by, by what was told of them: their address, then each word of their name."""
    emails = [folded_email(told) for name in EMAILS if isinstance(told := traits.get(name), str)]
    named = " ".join(told for name in NAMES if isinstance(told := traits.get(name), str))
    return [text for text in dict.fromkeys([*emails, *words(named)]) if text][:MOST]
