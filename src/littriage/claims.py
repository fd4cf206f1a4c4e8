"""Dated claims against the record: what it said when the claim was made, and what has happened since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from littriage.model import Claim, Verdict
from littriage.trends import month_after


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """A claim between two verdicts."""

    claim: Claim
    as_of: date
    """First day after the claim's window."""
    then: Verdict | None
    """From what was known at `as_of`; None where there is no verdict."""
    now: Verdict | None

    @property
    def share_ratio(self) -> float | None:
        """12-month share now over that of then; None where either is not known, or the earlier is 0."""
        if self.then is None or self.now is None or not self.then.share_12m or self.now.share_12m is None:
            return None
        return self.now.share_12m / self.then.share_12m


def claim_outcomes(
    claims: Iterable[Claim], verdict_at: Callable[[str, date], Verdict | None], today: date
) -> tuple[ClaimOutcome, ...]:
    """One outcome for each claim, oldest first; reposts are left out, so that one answer counts once.

    `verdict_at` gives a direction's verdict as of a day. A claim whose window ends after `today` is read as of today.
    """
    outcomes = (_outcome(claim, verdict_at, today) for claim in claims if claim.repost_of is None)
    return tuple(sorted(outcomes, key=lambda o: (o.as_of, o.claim.direction, o.claim.document, o.claim.locator)))


def _outcome(claim: Claim, verdict_at: Callable[[str, date], Verdict | None], today: date) -> ClaimOutcome:
    as_of = min(month_after(date.fromisoformat(f"{claim.window[1]}-01")), today)
    return ClaimOutcome(claim, as_of, verdict_at(claim.direction, as_of), verdict_at(claim.direction, today))
