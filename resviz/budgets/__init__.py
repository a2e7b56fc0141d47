"""Budgets of networks: what each may cost, and what it has to be.

Each is one table of `[[tool.resviz.check]]` in `pyproject.toml`, or the keywords of one
call of `resviz.testing.assert_within` (`configuration`). A network is traced and every
limit judged (`verdicts`); where a record is stored, a breach says which changes since
then caused it, as a comparison owns them (`reasons`). `run` does so for a project.
"""
