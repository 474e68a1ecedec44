"""Word files from templates that may come from outside. A template may name data, go through its lists, ask
whether there is any, and use a few filters; everything else is refused before it runs. What runs, runs in
Jinja2's immutable sandbox, escaped."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reports.typesetting import Refused

FILTERS = ("default", "first", "join", "last", "length", "replace", "trim", "truncate")
TESTS = ("defined", "eq", "ne", "none", "odd", "even")
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.For, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Filter, nodes.Test, nodes.Keyword,
)  # fmt: skip
LOOP = {"index": 1, "first": True, "last": True, "length": 1}
WRONG = "花括号里的写法有误：{}。"
UNKNOWN = object()  # what is known to be wrong already, or not known at all


class Environment(ImmutableSandboxedEnvironment):
    """Looks at every template before it is compiled."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.names = dict(names)
        self.globals.clear()
        self.filters = {name: DEFAULT_FILTERS[name] for name in FILTERS}
        self.tests = {name: DEFAULT_TESTS[name] for name in TESTS}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if problems := [*forbidden(tree), *unknown(tree, self.names)]:
            raise Refused(*dict.fromkeys(problems))
        return tree


def forbidden(tree: nodes.Template) -> Iterator[str]:
    """What a template may not do."""
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Getattr | nodes.Getitem) and _is_inner(node):
            yield "用了不允许的写法：以下划线开头的名称。"
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f"用了不允许的过滤器：{node.name}。"
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            yield f"用了不允许的判断：{node.name}。"
        elif isinstance(node, nodes.For) and (node.recursive or not _is_name(node.iter)):
            yield "循环只能走一份数据，例如 {%tr for row in rows %}。"
        elif not isinstance(node, ALLOWED):
            yield f"用了不允许的写法（{type(node).__name__}）：模板里只能取数据、循环和判断。"


def _is_inner(node: nodes.Getattr | nodes.Getitem) -> bool:
    if isinstance(node, nodes.Getattr):
        return node.attr.startswith("_")
    return not isinstance(node.arg, nodes.Const) or str(node.arg.value).startswith("_")


def _is_name(node: nodes.Node) -> bool:
    while isinstance(node, nodes.Getattr):
        node = node.node
    return isinstance(node, nodes.Name)


def unknown(tree: nodes.Template, names: Mapping[str, Any]) -> list[str]:
    """The names that the template uses and the data has not, whatever branch they stand in."""
    found: list[str] = []
    for node in tree.body:
        _walk(node, dict(names), found)
    return [f"没有这个名称：{name}。" for name in dict.fromkeys(found)]


def _walk(node: nodes.Node, scope: dict[str, Any], found: list[str]) -> None:
    if isinstance(node, nodes.For):
        rows = _value(node.iter, scope, found)
        first = rows[0] if isinstance(rows, list) and rows else UNKNOWN
        names = [node.target.name] if isinstance(node.target, nodes.Name) else []
        inner = scope | dict.fromkeys(names, first) | {"loop": LOOP}
        for child in [*node.body, *node.else_, *filter(None, [node.test])]:
            _walk(child, inner, found)
    elif isinstance(node, nodes.Name | nodes.Getattr):
        _value(node, scope, found)
    else:
        for child in node.iter_child_nodes():
            _walk(child, scope, found)


def _value(node: nodes.Node, scope: dict[str, Any], found: list[str]) -> Any:
    """What the sample has there; notes the name when it has nothing."""
    if isinstance(node, nodes.Name):
        if node.name not in scope:
            found.append(node.name)
        return scope.get(node.name, UNKNOWN)
    if isinstance(node, nodes.Getattr):
        whole = _value(node.node, scope, found)
        if whole is UNKNOWN:
            return UNKNOWN
        if not isinstance(whole, dict) or node.attr not in whole:
            found.append(_path(node))
            return UNKNOWN
        return whole[node.attr]
    for child in node.iter_child_nodes():
        _walk(child, scope, found)
    return UNKNOWN


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"


def set_word(template: bytes, data: Mapping[str, Any]) -> bytes:
    """The document. Refused when the template does what it may not, or names what is not there."""
    document, environment = DocxTemplate(BytesIO(template)), Environment(data)
    check(document, environment)
    try:
        document.render(dict(data), environment, autoescape=True)
    except TemplateError as problem:
        raise Refused(WRONG.format(problem.message)) from None
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def check(document: DocxTemplate, environment: Environment) -> None:
    """Look at every part before any is rendered, so that all problems are told at once."""
    problems: list[str] = []
    for source in _sources(document):
        try:
            environment.parse(source)
        except Refused as refused:
            problems += refused.problems
        except TemplateError as problem:
            problems.append(WRONG.format(problem.message))
    if problems:
        raise Refused(*dict.fromkeys(problems))


def _sources(document: DocxTemplate) -> Iterator[str]:
    """The text, the headers and the footers as Jinja2 gets them."""
    document.init_docx()
    yield document.patch_xml(document.get_xml())
    for kind in (document.HEADER_URI, document.FOOTER_URI):
        for _, part in document.get_headers_footers(kind):
            yield document.patch_xml(document.get_part_xml(part))
