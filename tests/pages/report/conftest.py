"""What the tests of the report share: odd records, and a browser."""

from __future__ import annotations

from functools import cache

import pytest

import resviz
from resviz.pages.report import render


@cache
def rendered(spec):
    """The report of a SPEC, rendered once for all tests."""
    return render(resviz.trace(spec))


@pytest.fixture
def report():
    """A function from a SPEC to its report."""
    return rendered


class Visit:
    """A page that a browser opened, and what went on meanwhile.

    Attributes:
        page: playwright's page.
        console: messages and errors.
        requests: addresses asked for, but for the page's own.
        dialogs: what `alert` and its like said.
    """

    def __init__(self, page, address):
        self.page = page
        self.console, self.requests, self.dialogs = [], [], []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("dialog", self.dismiss)
        page.on("request", lambda request: self.note_request(request.url, address))
        page.goto(address)

    def dismiss(self, dialog):
        """Note a dialog and close it."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def note_request(self, url, address):
        """Note a request."""
        if url != address:
            self.requests.append(url)


@pytest.fixture
def visit(browser, tmp_path):
    """A function that opens HTML text from a file in a fresh browser context."""
    contexts = []

    def visit(html, **options):
        path = tmp_path / f"report{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        return Visit(context.new_page(), path.as_uri())

    yield visit
    for context in contexts:
        context.close()
