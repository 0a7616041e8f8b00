"""A file's bytes as UTF-8, whatever they were written in."""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UTF8 = "utf-8"
MARKS = {codecs.BOM_UTF8: UTF8, codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BLOCK = 256 * 1024
LONGEST_LINE = 256 * 1024
SAMPLE_BYTES = 32_768
DECODER = json.JSONDecoder()
BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
EVERY_OTHER = 0.4
"""Of the bytes at one place of each pair in UTF-16, so many are zero where the text is a Western one."""


def unicode_of(first_bytes: bytes) -> str | None:
    """Returns the encoding that a file's byte order mark tells, or every other byte that is zero; else None."""
    for mark, encoding in MARKS.items():
        if first_bytes.startswith(mark):
            return encoding
    half = max(len(first_bytes) // 2, 1)
    if first_bytes[1::2].count(0) > EVERY_OTHER * half:
        return "utf-16-le"
    return "utf-16-be" if first_bytes[::2].count(0) > EVERY_OTHER * half else None


def lines_not_utf8(stream: IO[bytes]) -> bytes | None:
    """Returns a sample of the lines that are not UTF-8, when more of those beyond ASCII are not than are; else None."""
    good = bad = 0
    sample = bytearray()
    for line in _lines_beyond_ascii(stream):
        try:
            line.decode()
            good += 1
        except UnicodeDecodeError:
            bad += 1
            if len(sample) < SAMPLE_BYTES:
                sample += line[:SAMPLE_BYTES] + b"\n"
    return bytes(sample) if bad > good else None


def _lines_beyond_ascii(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(BLOCK):
        *lines, rest = (rest + block).split(b"\n") if rest or not block.isascii() else [block[block.rfind(b"\n") + 1 :]]
        yield from (line for line in lines if not line.isascii())
        if len(rest) > LONGEST_LINE:
            rest = b""
    if not rest.isascii():
        yield rest


def as_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """Returns a file's text in UTF-8; what is none in the encoding becomes a replacement character."""
    if encoding == UTF8:
        return stream
    return io.BufferedReader(_Recoding(stream, encoding), BLOCK)


class _Recoding(io.RawIOBase):
    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and not self._ended:
            block = self._stream.read(BLOCK)
            self._ended = not block
            self._ready = self._decoder.decode(block, final=self._ended).encode()
        taken = self._ready[: len(view)]
        view[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)


def values_of_array(stream: IO[bytes]) -> IO[bytes]:
    """Returns the values of a JSON array in UTF-8 as a line each; what is no array comes as it is."""
    return io.BufferedReader(_Unfolding(stream), BLOCK)


class _Unfolding(io.RawIOBase):
    # a value that is not whole yet waits for more of the file, until it is longer than any row may be

    def __init__(self, stream: IO[bytes]) -> None:
        self._text = codecs.getreader(UTF8)(stream, "replace")
        self._left = ""
        self._ended = False
        self._ready = bytearray()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and not (self._ended and not self._left):
            self._unfold()
        taken = self._ready[: len(view)]
        view[: len(taken)] = taken
        del self._ready[: len(taken)]
        return len(taken)

    def _unfold(self) -> None:
        if not self._ended:
            more = self._text.read(BLOCK)
            self._ended = not more
            self._left += more
        at = 0
        while at < len(self._left):
            begins = BETWEEN.match(self._left, at)
            at = begins.end() if begins else at
            try:
                _, end = DECODER.raw_decode(self._left, at)
            except (ValueError, RecursionError):
                break
            if end == len(self._left) and not self._ended:  # a number may go on
                break
            self._line(at, end)
            at = end
        self._left = self._left[at:]
        if self._ended or len(self._left) > LONGEST_LINE * 2:
            self._line(0, len(self._left))
            self._left = ""

    def _line(self, start: int, end: int) -> None:
        value = " ".join(self._left[start:end].splitlines())
        if value.strip(" ]"):
            self._ready += value.encode() + b"\n"
