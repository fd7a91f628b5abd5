"""What Raspberry Pi Imager 1.x leaves on a card that it does not know, and how to undo it.

It takes every image for one that runs a script at its first start: it writes `firstrun.sh` and adds
`systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot
systemd.unit=kernel-command-line.target` to cmdline.txt. The script does not exist at that place
here, and nothing else would ever be started.
"""

SCRIPT = "firstrun.sh"
CMDLINE = "cmdline.txt"
_RUN = "systemd.run="
_REST = ("systemd.run_success_action=", "systemd.run_failure_action=")
_TARGET = "systemd.unit=kernel-command-line.target"

EXPLANATION = (
    "Raspberry Pi Imager 1.x wrote its settings to this card in a script that this system does not"
    " run: none of them was applied. Script and entry in cmdline.txt were removed. Write the"
    " settings into iot-facerecognition.toml, or use Imager 2.0.11 or newer with the list of this"
    " image"
)


def without_script(cmdline: str) -> str | None:
    """Return cmdline.txt without the script's words, None where it has none of them."""
    words = cmdline.split()
    if not any(word.startswith(_RUN) and word.endswith(f"/{SCRIPT}") for word in words):
        return None
    kept = [word for word in words if not word.startswith((_RUN, *_REST)) and word != _TARGET]
    return " ".join(kept) + "\n"


def with_word(cmdline: str, name: str, value: str) -> str | None:
    """Return cmdline.txt with another value for the word `name`, None where nothing changes."""
    words = cmdline.split()
    changed = [f"{name}={value}" if word.startswith(f"{name}=") else word for word in words]
    return None if changed == words else " ".join(changed) + "\n"
