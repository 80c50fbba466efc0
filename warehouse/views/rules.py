"""The decisions of saved views, over plain values."""

from urllib.parse import parse_qsl, urlencode

from catalog.kernel.errors import Invalid

LISTS = frozenset({"stock", "lots", "items", "sites", "deliveries", "papers", "cases", "counts", "care", "shortfall"})
"""Lists whose views can be kept; a page adds its own."""
MOST_VIEWS = 30
LONGEST_NAME = 40
LONGEST_QUERY = 1000
_NOT_KEPT = frozenset({"cursor", "begin", "view"})


def checked_list(name: str) -> str:
    """Raises Invalid for a list that has no views."""
    if name not in LISTS:
        raise Invalid("view.no-such-list", "这个列表不能保存视图", list=name)
    return name


def checked_name(name: str) -> str:
    """A name that can be shown on a button. Raises Invalid."""
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= LONGEST_NAME:
        raise Invalid("view.bad-name", f"视图名称须为 1 到 {LONGEST_NAME} 个字", name=plain[:100])
    return plain


def checked_query(query: str) -> str:
    """The query string without what belongs to one page only, in one order. Raises Invalid."""
    if len(query) > LONGEST_QUERY:
        raise Invalid("view.too-long", "筛选条件过长，无法保存")
    pairs = parse_qsl(query.removeprefix("?"), max_num_fields=50)
    return urlencode(sorted((name, value) for name, value in pairs if name not in _NOT_KEPT and value))
