"""Sets a device up from a file on the card's boot partition, at its first start and at later ones.

From bytes to a device that is set up:

- `card_text`, `toml_spans`, `document`: a file of the card, read and located line by line.
- `table`, `system`, `ssh`, `wlan`, `locale`, `edge_settings`: one section each, checked.
- `wishes`: what the files of the card ask for together.
- `steps`, `plan`: what has to be done for it, as values.
- `machine`: does it, on any root folder.
- `blanking`, `card`: takes the secrets off the card; files on FAT, safe against a power cut.
- `imager1`: what Raspberry Pi Imager 1.x leaves behind, undone.
- `memory`, `unchanged`: what was applied before, so that a start without a change changes nothing.
- `report`, `led`: tells the person: status file, screen, light.
- `run`, `cli`: the order of it all.

Nothing of a file is ever run, or passed to a shell.
"""
