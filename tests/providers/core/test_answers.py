"""Which answers are remembered, and which are not."""

import json
import random

from custom_components.fleet_telematics.providers.answers import Answers

LONGEST = 1000
FLEET = b'[{"id": 1}, {"id": 2}]'


class Loads:
    """A reader that counts what it read."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self.read: list[bytes] = []

    def __call__(self, text: bytes) -> object:
        """Read JSON."""
        self.read.append(text)
        return json.loads(text)


def test_a_poll_is_remembered_whatever_is_asked_in_between() -> None:
    """Of questions that are asked once nothing is kept."""
    loads = Loads()
    answers = Answers(loads, LONGEST)
    for number in range(5):
        assert answers.read("fleet", FLEET) == [{"id": 1}, {"id": 2}]
        assert answers.read(f"trips {number}", b"[]") == []
    # The first time as a whole, the second time by its rows.
    assert [text for text in loads.read if text != b"[]"] == [
        FLEET,
        b'{"id": 1}',
        b'{"id": 2}',
    ]


def test_questions_do_not_take_each_others_answers() -> None:
    """Whatever is asked, and however often."""
    answers = Answers(json.loads, LONGEST)
    chance = random.Random(1)
    for _ in range(500):
        question = chance.randrange(150)
        told = [{"id": question, "at": chance.randrange(3)}] * chance.randrange(20)
        assert answers.read(question, json.dumps(told).encode()) == told


def test_all_answers_together_are_bounded() -> None:
    """Those that were asked for longest ago go first."""
    loads = Loads()
    answers = Answers(loads, LONGEST)
    body = b'"' + b"x" * 400 + b'"'
    for _ in range(2):
        for question in "abc":
            answers.read(question, body)
    loads.read.clear()
    for question in "cba":
        answers.read(question, body)
    assert len(loads.read) == 1
