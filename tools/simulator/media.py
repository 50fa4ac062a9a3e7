"""Files of simulated messages: a picture and a voice of their own for each, made of a number,
and the pictures of the story."""

import io
import math
import struct
import wave
import zlib
from typing import Final

from tools.simulator.story.script import FOLDER

PICTURES: Final = {path.stem: path for path in (FOLDER / "pictures").glob("*.png")}
SIDE = 160
RATE = 8000
PRICES = b"Paket Mulai   499.000\nPaket Pro     999.000\n"


def file(kind: str, number: int) -> tuple[bytes, str]:
    """(bytes, content type). A kind that names a picture of the story is that picture."""
    if kind in PICTURES:
        return PICTURES[kind].read_bytes(), "image/png"
    if kind == "audio":
        return tone(220 + number % 440, seconds=4 + number % 9), "audio/wav"
    if kind == "document":
        return PRICES, "text/plain"
    return picture(number), "image/png"


def picture(number: int) -> bytes:
    """A PNG: two colours that run into each other."""
    one, other = [number >> shift & 0xFF for shift in (0, 8, 16)], [number >> shift & 0xFF for shift in (12, 4, 20)]
    line = b"\0" + b"".join(
        bytes((x * t + y * (SIDE - t)) // SIDE for x, y in zip(one, other, strict=True)) for t in range(SIDE)
    )
    rows = line * (SIDE * 3 // 4)
    head = struct.pack(">IIBBBBB", SIDE, SIDE * 3 // 4, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def tone(pitch: int, *, seconds: int = 1) -> bytes:
    """A WAV that rises and falls."""
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(RATE)
        out.writeframes(bytes(128 + int(60 * math.sin(2 * math.pi * pitch * n / RATE)) for n in range(seconds * RATE)))
    return held.getvalue()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
