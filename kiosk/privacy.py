"""The built-in notice people accept before they register. A site replaces it in kiosk.toml."""


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(texts)


PRIVACY_EN = _paragraphs(
    "We keep your email address, and a scrambled form of your four answers that nobody can read.",
    "We use them for one thing: to check that it is you when your card is locked. "
    "Each visit is recorded, to keep the service safe.",
    "They are kept as long as your card is in use. "
    'To leave, put your card in here and choose "Delete my registration", or ask the RA.',
)

PRIVACY_CY = _paragraphs(
    "Rydym yn cadw eich cyfeiriad e-bost, a ffurf gudd ar eich pedwar ateb na all neb ei darllen yn ôl.",
    "Rydym yn eu defnyddio at un diben: gwirio mai chi sydd yno pan fydd eich cerdyn wedi'i gloi. "
    "Cofnodir pob ymweliad, i gadw'r gwasanaeth yn ddiogel.",
    "Cânt eu cadw tra byddwch yn defnyddio eich cerdyn. I adael, rhowch eich cerdyn i mewn yma "
    'a dewiswch "Dileu fy nghofrestriad", neu gofynnwch i\'r RA.',
)
