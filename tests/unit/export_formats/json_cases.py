"""JSON that a parser may get wrong, made from the grammar of RFC 8259: what is valid, broken, or left to the reader.

Each set holds bytes by a name that says what they are. They are what the well-known collections of parser tests hold,
made anew, and more of it wherever a rule allows all of a kind to be made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

Cases = dict[str, bytes]

_PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
_ESCAPES = '"\\/bfnrt'


def valid_cases() -> Cases:
    """Gives documents that every reader has to take."""
    return {
        **_named("number", _valid_numbers()),
        **_named("string", _valid_strings()),
        **_named("literal", ["true", "false", "null"]),
        **_named("array", _VALID_ARRAYS),
        **_named("object", _VALID_OBJECTS),
        **_named("blank", _blanks_around("[1]", '{"a": "b"}', "true", '"text"', "-0.5e1")),
        "50 arrays": b"[" * 50 + b"]" * 50,
        "50 objects": b'{"a":' * 50 + b"0" + b"}" * 50,
    }


def broken_cases() -> Cases:
    """Gives what no reader may take."""
    return {
        **_named("number", _broken_numbers()),
        **_named("string", _broken_strings()),
        **_named("literal", _BROKEN_LITERALS),
        **_named("array", _BROKEN_ARRAYS),
        **_named("object", _BROKEN_OBJECTS),
        **_named("structure", _BROKEN_STRUCTURES),
        **_named("blank", _wrong_blanks()),
        **_BROKEN_BYTES,
    }


READ = "read"
REFUSED = "refused"


def open_cases() -> dict[str, tuple[bytes, str]]:
    """Gives documents of which the grammar leaves the verdict to the reader, each with ours.

    Numbers of any size are read, for only a field that is wanted has to fit. A surrogate escape without its other
    half is read, and so are bytes in a string that are no UTF-8: what is wrong with one string costs no more than its
    row. A mark and UTF-16 are taken for what they are; nesting is followed for some hundred levels and refused as
    too deep from a thousand on.
    """
    return {
        **{name: (content, READ) for name, content in _named("number", _OPEN_NUMBERS).items()},
        **{name: (content, READ) for name, content in _named("string", _LONE_SURROGATES).items()},
        **{f"no UTF-8: {name}": (b'["' + content + b'"]', READ) for name, content in _NO_UTF8.items()},
        "500 arrays": (b"[" * 500 + b"]" * 500, READ),
        "500 objects": (b'{"a":' * 500 + b"0" + b"}" * 500, READ),
        "5000 arrays": (b"[" * 5_000 + b"]" * 5_000, REFUSED),
        "5000 objects": (b'{"a":' * 5_000 + b"0" + b"}" * 5_000, REFUSED),
    }


def encoded_cases() -> Cases:
    """Gives whole documents with a mark, or in UTF-16, all of which are read."""
    text = '[{"é": "\U0001f388"}]'
    return {
        "UTF-8 with a mark": ("\ufeff" + text).encode(),
        "UTF-16 LE with a mark": ("\ufeff" + text).encode("utf-16-le"),
        "UTF-16 BE with a mark": ("\ufeff" + text).encode("utf-16-be"),
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
    }


def _named(kind: str, texts: Iterable[str]) -> Cases:
    return {f"{kind} {text[:40]!a}": text.encode("utf-8", "surrogatepass") for text in texts}


def _in_arrays(texts: Iterable[str]) -> Iterator[str]:
    """Gives each text alone, in a list, and in the middle of one."""
    for text in texts:
        yield from (text, f"[{text}]", f"[0,{text},0]")


def _blanks_around(*texts: str) -> Iterator[str]:
    for text, blank in itertools.product(texts, (" ", "\t", "\n", "\r", "\r\n\t ")):
        yield from (blank + text, text + blank, f"[{blank}{text}{blank},{blank}{text}{blank}]")


def _wrong_blanks() -> Iterator[str]:
    blanks = ("\x0b", "\x0c", "\u00a0", "\u2028", "\u3000", "\u2060", "\ufeff", "\x00", "\x7f", "\x1e", "\\n")
    for blank in blanks:
        yield from (f"[{blank}1]", f"[1{blank}]", f"1{blank}", f'{{"a":{blank}1}}', f'{{{blank}"a":1}}')


def _valid_numbers() -> Iterator[str]:
    wholes = ("0", "1", "10", "9007199254740993")
    fractions = ("", ".0", ".5", ".00000000000000000000000000000000001")
    exponents = ("", "e0", "E1", "e+2", "E-3", "e00")
    for parts in itertools.product(("", "-"), wholes, fractions, exponents):
        yield "".join(parts)


def _broken_numbers() -> Iterator[str]:
    bad = (
        *("+1", "++1", "-", "--1", "-+1", "+-1", "- 1", "01", "-01", "00", "-00", "012", "-012", "0.", "1.", "-1."),
        *(".5", "-.5", "+.5", ".", "-.", "1..2", "1.2.3", "0.e1", "1.e1", "1.e", ".e1", "1e", "1E", "1e+", "1E-"),
        *("0e", "0e+", "0E+", "1.0e", "1.0e-", "1e1.5", "1e1e1", "1eE2", "1e++1", "1e+-1", "e1", "1 e1", "1e 1"),
        *("0x1", "0X1", "0x", "-0x1", "0b1", "0o7", "1_000", "1,5.", "1'000", "1 000.0", "1L", "1f", "1d", "1n"),
        *("1ea", "1a", "-1a", "-a", "-foo", "1-2", "1+2", "1*2", "1/2", "0-1", "NaN", "-NaN", "nan", "Infinity"),
        *("-Infinity", "+Infinity", "Inf", "-inf", "inf", "\uff11", "\u0661", "1\u0660", "1\u00b2", "\u2212\u0031"),
        *("1\x00", "\x001", "1.\x00", "1e\x00"),
    )
    return _in_arrays(bad)


def _valid_strings() -> Iterator[str]:
    yield from (f'"{character}"' for character in _PRINTABLE if character not in '"\\')
    yield from (f'"\\{escape}"' for escape in _ESCAPES)
    yield from (f'["a\\{escape}b"]' for escape in _ESCAPES)
    codes = [
        *("0000", "0001", "001f", "0020", "0022", "005C", "007F", "0080", "00e9", "07ff", "0800", "200B", "2028"),
        *("2064", "D7FF", "e000", "FDD0", "FeFf", "FFFE", "fFfF", "0061\\u0030\\u30af\\u30EA\\u30b9"),
        *("d800\\udc00", "D834\\uDd1e", "DBFF\\uDFFE", "dbff\\udfff", "d83d\\ude39\\ud83d\\udc8d"),
    ]
    yield from (f'"\\u{code}"' for code in codes)
    raw = [
        *("\x7f", "\x80", "é", "\u07ff", "\u0800", "\u2028", "\u2029", "\u200b", "\ufeff", "\ufffe", "\uffff"),
        *("\U00010000", "\U0001f388", "\U0010fffe", "\U0010ffff", "⍂㈴⍂", "пт", "夜", "e\u0301"),
    ]
    yield from (f'["{character}"]' for character in raw)
    yield from (
        '""',
        '" "',
        '"// no comment"',
        '"/* neither */"',
        '"\\\\u0061"',
        '"\\\\n"',
        '"\\\\\\""',
        '"},{"',
        '"]"',
    )


def _broken_strings() -> Iterator[str]:
    yield from (f'"a{chr(code)}b"' for code in range(0x20))
    unknown = [character for character in _PRINTABLE if character not in f"{_ESCAPES}u"]
    yield from (f'"\\{character}"' for character in unknown)
    yield from ('"\\\x00"', '"\\\t"', '"\\\n"', '"\\\u00e9"', '"\\\U0001f300"')
    for digits in (
        "",
        "0",
        "00",
        "00a",
        "00a ",
        "000G",
        "g000",
        "00 0",
        "+061",
        "-061",
        "0x41",
        "{61}",
        "d80",
        "dc0",
        "dF",
        "dcg0",
        "d8g0",
        " 061",
    ):
        yield from (f'"\\u{digits}"', f'["\\u{digits}", 1]')
    yield from ('"\\uD800\\"', '"\\uD800\\u"', '"\\uD800\\u1"', '"\\uD800\\u1x"', '"\\uD834\\uDd', '"\\U0041"')
    yield from ('"', '"a', '["a', '["a]', '"\\', '"\\"', '["\\"]', '"\\\\\\"', 'a"', "a", "'a'", "['a']", "`a`", "“a”")
    yield from ('"a" "b"', '"a"b', '["a" "b"]', '["a"b]', '"a"x', '""x', '"a"+"b"', "\\u0020", "[\\u0061]", "[\\n]")
    yield from ('["a\nb"]', '"""a"""', 'r"a"', 'u"a"', '["new\x0aline"]', '["tab\there"]')


_BROKEN_LITERALS = [
    *("tru", "t", "fals", "nul", "n", "True", "TRUE", "tRUE", "False", "None", "Null", "NULL", "nil", "undefined"),
    *("truee", "nulll", "true1", "truefalse", "true false", "[tru]", "[nul]", "[fals]", "[True]", "[a]", "[truetrue]"),
    *("[true false]", "yes", "on", "å", "[å]", "null\x00", "\u00f6true", "[nullx]"),
]

_VALID_ARRAYS = [
    *(
        "[]",
        "[ ]",
        "[[]]",
        "[[],[]]",
        "[[   ]]",
        "[\n]",
        "[\t\r\n ]",
        "[1]",
        "[1,2]",
        "[ 1 , 2 ]",
        '[null, 1, "1", {}]',
    ),
    *(
        '[""]',
        '["",""]',
        "[false,true,null]",
        "[1\n,\n2]",
        "[1,null,null,null,2]",
        "[2] ",
        "[{}]",
        "[{},{}]",
        "[[],{}]",
    ),
    *("[[[[[]]]]]", '[{"a":[{"b":[]}]}]', "[0,-0,0.0]", '["a","a"]'),
]

_BROKEN_ARRAYS = [
    *(
        "[",
        "]",
        "[[]",
        "[]]",
        "[1",
        "1]",
        "[1,",
        "[1,]",
        "[1,,]",
        "[1,,2]",
        "[,]",
        "[,1]",
        "[,,]",
        "[,",
        "[1 2]",
        "[1 true]",
    ),
    *("[1:2]", "[1;2]", "[:1]", "[1:]", '["a":1]', '["a",', '["a"', '["a",\n4\n,1', "[1,\n1\n,1", "[{}", "[{}}"),
    *(
        "[}",
        "{]",
        "[1}",
        "[)",
        "(1)",
        "[*]",
        "[1 *]",
        "[..]",
        "[1...2]",
        "[1,2,...]",
        "[[1]",
        "[[1]]]",
        "[1]x",
        "[1]1",
        "x[1]",
    ),
    *("[][]", "[] {}", "[1]]", '["x"]]', "[3[4]]", '["a"[]]', "[1]#", "[1];", "[1]/", "[-]", "[+]", "[/]", "[\\]"),
]

_VALID_OBJECTS = [
    *(
        "{}",
        "{ }",
        "{\n}",
        '{"":0}',
        '{"a":1}',
        '{ "a" : 1 }',
        '{"a":{}}',
        '{"a":[]}',
        '{"a":1,"b":2}',
        '{"a":1,"a":1}',
    ),
    *('{"a":1,"a":2}', '{"a\\u0000b":1}', '{"\\u0061":1}', '{"a":1,"\\u0061":2}', '{"\\"":1}', '{"a":"\\u0041"}'),
    *('{"a":{"a":{"a":{}}}}', '{"é":1}', '{"夜":"夜"}', '{"a":\n1\n,\n"b"\n:\n2}', '{"min":-1.0e+28,"max":1.0e+28}'),
    *('{"x":[{"id":"' + "x" * 40 + '"}],"id":"' + "x" * 40 + '"}', '{"a":null}', '{" ":" "}', '{"}":"{"}'),
]

_BROKEN_OBJECTS = [
    *(
        "{",
        "}",
        "{}}",
        "{{}}",
        "{{",
        '{"a"}',
        '{"a"',
        '{"a":',
        '{"a":1',
        '{"a":1,',
        '{"a":}',
        '{"a":1,}',
        '{"a":1,,}',
        "{,}",
    ),
    *(
        '{,"a":1}',
        '{"a":1,,"b":2}',
        '{"a":1 "b":2}',
        '{"a" 1}',
        '{"a"::1}',
        '{"a":1:2}',
        '{"a","b"}',
        '{"a",1}',
        '{"a"=1}',
    ),
    *(
        '{"a"=>1}',
        '{"a";1}',
        "{a:1}",
        "{a:'b'}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{true:1}",
        "{[]:1}",
        "{{}:1}",
        "{:1}",
        "{:}",
    ),
    *(
        '{"a":1}}',
        '{"a":1}x',
        '{"a":1}#',
        '{"a":1}//',
        '{"a":1}/**/',
        '{"a":1/**/}',
        '{"a":/*x*/1}',
        '{"a":1 //x\n}',
        "{#}",
    ),
    *(
        '{"a":1;"b":2}',
        '{"a":a}',
        "{\"a\":'b'}",
        '{"a":"b" c}',
        '{"a":1 true}',
        '{"a":"b',
        '{"a:1}',
        '{"a"":1}',
        '{"a":1"b":2}',
    ),
    *(
        '{"a":1]',
        '["a":1}',
        '{"\x00":1}',
        '{"a\nb":1}',
        '{"\\a":1}',
        '{"\\u00":1}',
        "{9999E9999:1}",
        "{1e1:1}",
        "{-1:1}",
        "{.}",
    ),
    *(
        '{"a" b:1}',
        "{...}",
        "{{nini@10n}}",
        '{"a":1...}',
        '{"x", null}',
        '{"x"::"b"}',
        '{"a":"a" 123}',
        "{key: 'value'}",
    ),
]

_BROKEN_STRUCTURES = [
    *(
        "<null>",
        "[<null>]",
        "<html></html>",
        "*",
        "@",
        "#",
        "2@",
        "$",
        "%",
        "&",
        "^",
        "~",
        "?",
        "!",
        ":",
        ";",
        ",",
        ".",
        "|",
        "=",
        "()",
    ),
    *(
        "//",
        "/**/",
        "// x\n1",
        "/* x */ 1",
        "1 // x",
        "1 /* x */",
        "# x\n1",
        "-- x",
        "1 1",
        "1,1",
        "{}{}",
        "[][]",
        '{"a":1}{"b":2}',
    ),
    *(
        "[1]\n[2]",
        "{}\n{}",
        "1\n2",
        '["x"] ["y"]',
        "a=1",
        "endTime,artistName\n2020,x",
        "---\n- a: 1",
        "<xml/>",
        "]]",
        "}}",
        "}{",
    ),
    *(
        "][",
        '{"a":"b"}#{}',
        "[1],",
        ",[1]",
        '["a"],["b"',
        '[\\u000A""]',
        "[\x0c]",
        "\x00",
        "[\x00]",
        "[1]\x00",
        "\u2060",
        "\u00e5",
    ),
    *(
        '{"a":/*comment*/"b"}',
        "[[[[[[",
        '{"a":{"a":{"a":',
        '[{"":[{"":[{"":',
        "%PDF-1.7",
        "PK\x03\x04",
        "true,",
        ",true",
        "0 0",
    ),
]

_BROKEN_BYTES: Cases = {
    "an open list 100,000 deep": b"[" * 100_000,
    "an open list and object 50,000 deep": b'[{"":' * 50_000,
    "a lone byte of UTF-8": b"\xe5",
    "a byte that is never UTF-8": b"\xff",
    "such a byte in a list": b"[\xff]",
    "such a byte behind a number": b"[123\xe5]",
    "such a byte in an exponent": b"[1e1\xe5]",
    "such a byte behind a minus": b"[-\xe5]",
    "such a byte behind a zero": b"[0\xe5]",
    "such a byte in a literal": b"[tr\xffue]",
    "such a byte as a comma": b'["a"\xe52]',
    "such a byte behind a backslash": b'["\\\xe5"]',
    "such a byte in a unicode escape": b'["\\u\xe5"]',
    "such a byte as a key": b"{\xf0\x9f:1}",
    "such a byte behind the end": b"{}\xb2",
    "half a byte order mark": b"\xef\xbb{}",
    "a mark in the middle": b"[1,\xef\xbb\xbf2]",
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf[1]",
}

_OPEN_NUMBERS = [
    *(
        "1e400",
        "-1e400",
        "[1.5e+9999]",
        "[-1e+9999]",
        "[123.456e-789]",
        "1e-10000",
        "[0.4e00669999999999999999999999999]",
    ),
    *("100000000000000000000", "-123123123123123123123123123123", "9223372036854775808", "-9223372036854775809"),
    *(
        "18446744073709551616",
        "1" * 400,
        "-" + "9" * 5_000,
        "0." + "3" * 5_000,
        "1e" + "9" * 400,
        "[1" + "0" * 400 + "]",
    ),
]

_LONE_SURROGATES = [
    *('"\\ud800"', '"\\uDBFF"', '"\\udc00"', '"\\uDFFF"', '"\\ud800abc"', '"abc\\udead"', '"\\ud800\\ud800"'),
    *('"\\ud800\\ud800\\n"', '"\\uDC00\\uD800"', '"\\ud800\\u0041"', '"\\uD888\\u1234"', '"\\uDd1ea"', '"\\ud800\\n"'),
    *(
        '"\\ud800\\\\udc00"',
        '"\\\\\\ud800"',
        '"\\uD83D\\ud83d\\ude39"',
        '["\\uD800"]',
        '{"\\uDFAA":0}',
        '{"a":"\\uDFAA"}',
    ),
]

_NO_UTF8: Mapping[str, bytes] = {
    "Latin-1": b"\xe9",
    "a byte that is never one": b"\xff",
    "a lone continuation": b"\x81",
    "a cut sequence": b"\xe0\xff",
    "a cut end": b"\xe6\x97",
    "an overlong slash": b"\xc0\xaf",
    "an overlong slash of six bytes": b"\xfc\x83\xbf\xbf\xbf\xbf",
    "an overlong NUL": b"\xc0\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\xb9",
    "beyond Unicode": b"\xf4\xbf\xbf\xbf",
    "five bytes": b"\xfb\xbf\xbf\xbf\xbf",
}
