"""What undoes a change is exact, and small."""

import random

from genre_lib.batch.tagging.delta import difference, restored


def there_and_back(new: bytes, old: bytes) -> int:
    """The size of a difference that restores the old version."""
    made = difference(memoryview(new), memoryview(old))
    assert b"".join(restored(memoryview(new), made)) == old
    return len(made)


def test_any_two_files() -> None:
    rng = random.Random(7)
    for _ in range(300):
        old = rng.randbytes(rng.randrange(500))
        new = bytearray(old)
        for _ in range(rng.randrange(5)):
            at = rng.randrange(len(new) + 1)
            new[at : at + rng.randrange(20)] = rng.randbytes(rng.randrange(60))
        there_and_back(bytes(new), old)
    for new, old in [(b"", b"old"), (b"new", b""), (b"", b""), (b"a" * 1000, b"a" * 999), (bytes(5000), bytes(70))]:
        there_and_back(new, old)


def test_what_is_shifted_or_numbered_anew_costs_little() -> None:
    rng = random.Random(8)
    sound = rng.randbytes(500_000)
    assert there_and_back(rng.randbytes(3000) + sound, sound) < 50
    assert there_and_back(b"RIFF1234" + sound + b"id3 tag", b"RIFF5678" + sound) < 80
    numbered = bytearray(sound)
    for at in range(0, len(numbered), 4400):
        numbered[at + 18 : at + 26] = rng.randbytes(8)
    assert there_and_back(b"more comments" * 9 + bytes(numbered), sound) < 20 * 8 * len(sound) // 4400
