"""The architecture can be read off the folders."""

from tests import house


def test_the_top_of_the_library_is_short_and_every_entry_says_what_it_is() -> None:
    entries = house.entries()
    assert len(entries) <= house.LARGEST
    assert {entry.stem for entry in entries} == set(house.from_the_top())
    for entry in entries:
        assert len(house.first_line(entry)) > 20, entry
