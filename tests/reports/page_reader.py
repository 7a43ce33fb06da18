"""Reads a page: its tags, text, tables and data."""

import json
from html.parser import HTMLParser

VOID = {"meta", "br", "line", "circle", "rect", "polyline", "input"}


class Reader(HTMLParser):
    """Collects tags, attributes, text, tables and the data, and checks that tags close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.tables, self.scripts, self.style = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        values = dict(attrs)
        if tag == "table":
            self.tables.append({"caption": "", "scopes": [], "rows": []})
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag in ("th", "td"):
            self.tables[-1]["rows"][-1].append("")
            if tag == "th":
                self.tables[-1]["scopes"].append(values.get("scope"))
        elif tag == "script":
            self.scripts.append([values, ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts[-1][1] += data
        elif "style" in self.open:
            self.style += data
        else:
            self.text.append(data)
        if "caption" in self.open:
            self.tables[-1]["caption"] += data
        elif "th" in self.open or "td" in self.open:
            self.tables[-1]["rows"][-1][-1] += data

    @property
    def words(self):
        return "".join(self.text)

    @property
    def data(self):
        (text,) = (text for values, text in self.scripts if values.get("id") == "data")
        return json.loads(text)

    def table(self, caption):
        (found,) = (table for table in self.tables if table["caption"].startswith(caption))
        return found["rows"]


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader
