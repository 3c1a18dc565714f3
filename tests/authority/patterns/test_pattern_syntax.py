"""Syntax of patterns: what ECMA-262 says, as Node.js reads it."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess

import pytest

from mfmgame.authority.patterns.pattern_caps import PatternError
from mfmgame.authority.patterns.pattern_syntax import parsed_pattern
from mfmgame.authority.patterns.string_languages import language

NODE = shutil.which("node")
SCRIPT = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = cases.map(([pattern, texts]) => {
  try {
    const expression = new RegExp(pattern, "u");
    return texts.map((text) => expression.test(text));
  } catch {
    return null;
  }
});
console.log(JSON.stringify(answers));
"""
FRAGMENTS = [
    *"aab19-_^$.|()[]{}*+?,:=<>/é😀",
    *("(?:", "(?<n>", "(?<n1>", "(?<$é>", "(?<1>", "(?i:", "(?", "(?=", "[^", "[]", "[^]", "*?"),
    *("{2}", "{0}", "{1,}", "{0,2}?", "{2,1}", "{,2}", "{02}", "a-z", "[a-c]", "[^a-c]", "[--a]"),
    *("[a-]", "[-a]", "[a--]", "[\\d-]", "[\\d-z]", "[\\b]", "[\\B]", "[\\-]", "[\\1]", "[(*.]"),
    *("\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\n", "\\t", "\\v", "\\f", "\\r", "\\0", "\\00"),
    *("\\x61", "\\x6", "\\u0061", "\\u61", "\\u{61}", "\\u{000061}", "\\u{110000}", "\\u{}"),
    *("\\uD83D\\uDE00", "\\u{D83D}\\u{DE00}", "\\uD83D", "[\\uD83D\\uDE00-\\u{1F601}]", "\\cJ"),
    *("\\c1", "\\c", "\\-", "\\_", "\\/", "\\.", "\\\\", "\\]", "\\}", "\\a", "\\e", "\\é", "\\ "),
    *("^*", "$+", "(^)*", "()", "(|a)", "\n", "\u2028", " "),
]
CHARACTERS = "aabcz19-_.\\]}/ \n\r\t\v\f\b\0\u2028\u00a0\u1680\ufeff\u180e\u0085é😀😁"


def random_cases(number):
    """Draw patterns, half of which are malformed, and short strings."""
    draw = random.Random(20)
    for _ in range(number):
        pattern = "".join(draw.choices(FRAGMENTS, k=draw.randint(1, 4)))
        if draw.random() < 0.5:
            pattern = f"^(?:{pattern})$"
        yield pattern, ["".join(draw.choices(CHARACTERS, k=draw.randint(0, 3))) for _ in range(12)]


def without_needless_escapes(pattern):
    """Write escaped punctuation that the flag u refuses, such as ``\\_``, by its number."""
    return re.sub(
        r"\\(.)",
        lambda found: f"\\x{ord(found[1]):02x}" if found[1] in " !\"#%&',-:;<=>@_`~" else found[0],
        pattern,
        flags=re.DOTALL,
    )


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_patterns_mean_what_they_mean_in_javascript():
    cases = list(random_cases(3000))
    cases += [(fragment, list(CHARACTERS)) for fragment in FRAGMENTS]
    strict = [(without_needless_escapes(pattern), texts) for pattern, texts in cases]
    result = subprocess.run(
        [NODE, "-e", SCRIPT], input=json.dumps(strict), capture_output=True, text=True, check=True
    )
    n_compared = 0
    for (pattern, texts), expected in zip(cases, json.loads(result.stdout), strict=True):
        found, supported = None, True
        try:
            found = list(map(language([pattern]).contains, texts))
        except PatternError as error:
            supported = "not supported" not in str(error)
        if supported:
            assert found == expected, pattern
            n_compared += found is not None
    assert n_compared > 500


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(?=b)", "look-ahead (?= is not supported"),
        ("a(?!b)", "look-ahead (?! is not supported"),
        ("(?<=a)b", "look-behind (?<= is not supported"),
        ("(?<!a)b", "look-behind (?<! is not supported"),
        ("(a)\\1", "back references are not supported"),
        ("(?<n>a)\\k<n>", "back references are not supported"),
        ("\\bword", r"word boundaries \b are not supported"),
        ("\\B", r"word boundaries \B are not supported"),
        ("\\p{L}", r"Unicode properties \p are not supported"),
        ("(?i)a", "inline flags are not supported"),
        ("(?P<n>a)", "'(?P' begins no group of ECMA-262"),
        ("(?<n>a)(?<n>b)", "two groups have the name 'n'"),
        ("\\e", "a backslash before 'e' is no escape with the flag u"),
        ("[b-a]", "a range of characters is out of order"),
        ("a{2,1}", "{2,1} is out of order"),
        ("a{10001}", "a part is repeated more than 10,000 times"),
        ("*", "'*' has nothing to repeat, or is not escaped"),
        ("(" * 101, "groups are nested more than 100 deep"),
        ("a" * 20_001, "is longer than 20,000 characters"),
    ],
)
def test_refusals_name_the_construct(pattern, reason):
    with pytest.raises(PatternError) as refusal:
        parsed_pattern(pattern)
    assert str(refusal.value).endswith(f": {reason}")
    assert str(refusal.value).startswith("pattern '")
