"""`returns-hub up` as a process: however it ends, nothing stays, and it can be started again at once."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from hub.runtime import postgres
from tests.acceptance.platform_process import returns_hub, until_gone

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(480)]


def test_after_sigkill_it_starts_again_at_once_and_sigterm_leaves_nothing(tmp_path: Path) -> None:
    with returns_hub(tmp_path, "up", "--json") as first:
        first.until_said("Airflow is healthy", 240)
        first.process.kill()
        first.process.wait()
        with returns_hub(tmp_path, "up", "--json") as second:
            second.until_said('"ui"', 240)
            assert set(json.loads(second.out.read_text())) >= {"ui", "console", "intake", "users"}
            assert second.end(signal.SIGTERM) == 128 + signal.SIGTERM, second.words()
            assert until_gone(second.home) == []
            assert postgres.server_pid(second.home) is None
