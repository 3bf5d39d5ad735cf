import pytest

from meshui.demo.supervisor import watches


def test_enough_watches_pass() -> None:
    watches.check(14, limit=128, used=72)


def test_too_few_are_told_of_with_the_way_to_more() -> None:
    with pytest.raises(watches.TooFewWatchesError, match=r"need 56 .* has 55 of 128 left.*max_user_instances=512"):
        watches.check(14, limit=128, used=73)


def test_the_kernel_is_asked() -> None:
    watches.check(0)

    with pytest.raises(watches.TooFewWatchesError):
        watches.check(1 << 40)
