from tests.report.conftest import fake_run

__all__ = ["fake_run"]
