"""A fuel event fires once, also when Home Assistant is killed; see the script."""

import pytest

from scripts.exactly_once import prove

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_event_is_told_once_however_home_assistant_dies() -> None:
    """The short form of scripts/prove-exactly-once: one kill of each bad kind."""
    proof = await prove(kills=4, before=4, down=2, running=2)
    assert list(proof.failures()) == []
    assert len(proof.truths) == len({heard.id for heard in proof.heard}) == 8
    assert len(proof.deaths) == 4
    assert proof.reloads == 2
