"""The built-in notice people accept before they register. A site replaces it in kiosk.toml."""

PRIVACY_EN = """\
We keep your email address, and your four answers as fingerprints that nobody can read back.

We use them for one thing: to check that it is you when your card is locked. A record of each visit is kept for the security of the service.

They are kept as long as your card is in use. To stop, put your card in here and choose "Leave self-service", or ask the RA."""

PRIVACY_CY = """\
Rydym yn cadw eich cyfeiriad e-bost, a'ch pedwar ateb fel olion bysedd na all neb eu darllen yn ôl.

Un defnydd sydd iddynt: gwirio mai chi sydd yno pan fydd eich cerdyn wedi'i gloi. Cedwir cofnod o bob ymweliad er diogelwch y gwasanaeth.

Fe'u cedwir tra bydd eich cerdyn ar waith. I roi'r gorau iddi, rhowch eich cerdyn i mewn yma a dewis "Gadael hunanwasanaeth", neu gofynnwch i'r RA."""
