"""HTML pages that stand alone: the report of a network, the page of a sweep."""
