"""Seeded damage to files: flipped bits, cut ends, numbers replaced, pieces of other files spliced in."""

OFTEN = b"\x00\x01\x7f\x80\xff09-\"{\n"


def _piece(random, size):
    """Start and end of a piece, mostly short, of `size` bytes."""
    start = random.randrange(size + 1)
    return start, min(size, start + random.randint(1, 1 << random.randrange(11)))


def _flip(data, random, _):
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(data, random, _):
    if data:
        data[random.randrange(len(data))] = random.choice(OFTEN) if random.random() < 0.5 else random.randrange(256)


def _number(data, random, _):
    """Lengths, counts, offsets: what readers go wrong at, in either byte order."""
    width = random.choice((1, 2, 4, 8))
    if len(data) < width:
        return
    power = 1 << random.randrange(64)
    value = random.choice((0, power, power - 1, (1 << 64) - 1, ~power, len(data), random.randrange(300)))
    at = random.randrange(len(data) - width + 1)
    data[at:at + width] = (value % (1 << 8 * width)).to_bytes(width, random.choice(("little", "big")))


def _cut(data, random, _):
    del data[random.randrange(len(data) + 1):]


def _erase(data, random, _):
    start, end = _piece(random, len(data))
    del data[start:end]


def _repeat(data, random, _):
    start, end = _piece(random, len(data))
    at = random.randrange(len(data) + 1)
    data[at:at] = data[start:end]


def _noise(data, random, _):
    at = random.randrange(len(data) + 1)
    data[at:at] = random.randbytes(random.randint(1, 64))


def _splice(data, random, others):
    other = random.choice(others)
    start, end = _piece(random, len(other))
    at = random.randrange(len(data) + 1)
    data[at:at if random.random() < 0.5 else at + end - start] = other[start:end]


KINDS = (_flip, _flip, _byte, _number, _number, _cut, _erase, _repeat, _noise, _splice)


def mutated(content, others, random):
    """`content` with one to four changes; pieces come from `others`. Never `content` itself."""
    while True:
        data = bytearray(content)
        for _ in range(random.randint(1, 4)):
            random.choice(KINDS)(data, random, others)
        if data != content:
            return bytes(data)
