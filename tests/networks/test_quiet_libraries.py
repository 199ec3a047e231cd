"""What libraries say of their own parts is not for the person."""

import logging

import pytest

import workbench.networks


@pytest.mark.parametrize("name", ["torchao", "torch.utils._pytree"])
def test_only_errors_of_torchao_are_said(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert workbench.networks
    log = logging.getLogger(name)
    log.addHandler(caplog.handler)
    try:
        log.warning("Failed to load a kernel for other processors")
        log.error("really wrong")
    finally:
        log.removeHandler(caplog.handler)
    assert {record.message for record in caplog.records} == {"really wrong"}
