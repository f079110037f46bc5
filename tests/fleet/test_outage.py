"""An outage is one line in the log, and its end is another."""

import logging

import pytest

from custom_components.fleet_telematics.outage import OutageLog

POLL = "Vendor positions"
FAILED = "Error fetching %s data: %s"
RECOVERED = "Fetching %s data recovered"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> OutageLog:
    """Return the log of an account whose poll works."""
    caplog.set_level(logging.INFO)
    log = OutageLog()
    log.poll = POLL
    return log


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return what a user finds in the log."""
    return [(one.levelno, one.getMessage()) for one in caplog.records]


def test_while_the_vendor_is_down_only_the_poll_tells(
    log: OutageLog, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever feed notices first, it is one line, and one when it is over."""
    log.error(FAILED, "Vendor details", "down")
    log.error(FAILED, POLL, "down")
    log.error(FAILED, "Vendor trips", "down")
    log.polled()
    log.info(RECOVERED, POLL)
    log.info(RECOVERED, "Vendor details")
    log.info(RECOVERED, "Vendor trips")
    levels = [level for level, text in lines(caplog)]
    assert levels == [logging.ERROR, logging.INFO]


def test_a_feed_that_fails_alone_is_told_after_the_next_poll(
    log: OutageLog, caplog: pytest.LogCaptureFixture
) -> None:
    """Then the vendor is there, and the failure is that feed's own."""
    log.error(FAILED, "Vendor details", "no")
    assert lines(caplog) == []
    log.polled()
    log.polled()
    log.info(RECOVERED, "Vendor details")
    assert lines(caplog) == [
        (logging.ERROR, "Error fetching Vendor details data: no"),
        (logging.INFO, "Fetching Vendor details data recovered"),
    ]


def test_a_feed_that_stays_down_after_the_vendor_is_back_is_told(
    log: OutageLog, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, when it fails anew; its coordinator only told of it during the outage."""
    log.error(FAILED, "Vendor details", "down")
    log.error(FAILED, POLL, "down")
    log.error(FAILED, "Vendor trips", "down")
    log.failing("Vendor trips")
    log.info(RECOVERED, POLL)
    log.polled()
    assert [level for level, text in lines(caplog)] == [logging.ERROR, logging.INFO]
    caplog.clear()
    for _ in range(2):
        log.failing("Vendor details")
        log.failing("Vendor trips")
        log.polled()
    log.info(RECOVERED, "Vendor details")
    log.info(RECOVERED, "Vendor trips")
    log.failing("Vendor trips")
    log.polled()
    assert lines(caplog) == [
        (logging.ERROR, "Error fetching Vendor details data: down"),
        (logging.ERROR, "Error fetching Vendor trips data: down"),
        (logging.INFO, "Fetching Vendor details data recovered"),
        (logging.INFO, "Fetching Vendor trips data recovered"),
    ]


@pytest.mark.no_fail_on_log_exception
@pytest.mark.parametrize("name", [POLL, "Vendor details"])
def test_a_failure_that_nobody_expected_is_told_once_and_where_it_was(
    log: OutageLog, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Coordinators report such a one at every read."""
    for _ in range(3):
        try:
            int("a mistake of ours")
        except ValueError:
            log.exception("Unexpected error fetching %s data", name)
        if name != POLL:
            log.polled()
    (told,) = caplog.records
    assert told.levelno == logging.ERROR
    assert told.exc_info is not None
    assert told.exc_info[0] is ValueError
