from tests.reports.page.conftest import fake_run

__all__ = ["fake_run"]
