"""Fixtures of the contract tests."""

from tests.pcscd import pcsc_service, pcsc_session

__all__ = ["pcsc_service", "pcsc_session"]
