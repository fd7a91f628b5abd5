"""People's names in any script, drawn with whatever fonts are installed.

`scripts` knows which font a character needs, `runs` splits a text into parts of one font and one
direction in the order in which they are drawn, `fonts` finds the files, `drawing` draws by Pillow.
Only `drawing` needs Pillow; a small board loads it with the first name that needs it.
"""
