"""Languages of strings: counts by hand, by enumeration and by an independent library."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfmgame.authority.patterns.pattern_caps import PatternError
from mfmgame.authority.patterns.string_languages import language

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
ENDLESS = "repeats without an end; state maxLength"
UNNAMED = "allows characters that no list names; state an alphabet"
QUANTIFIERS = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??", "{1,3}?", "{0}"]
BOTH = "repeats without an end and allows characters that no list names; "
BOTH += "state maxLength and an alphabet"


def pattern_texts(leaves, quantifiers=QUANTIFIERS):
    """Generate patterns from the given leaves, concatenated, chosen and repeated."""
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map("".join),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
            st.tuples(inner, st.sampled_from(quantifiers)).map(
                lambda pair: f"({pair[0]}){pair[1]}"
            ),
        ),
        max_leaves=10,
    )


@pytest.mark.parametrize(
    ("patterns", "options", "count"),
    [
        (["^[A-Z]{3}$"], {}, 26**3),
        (["^[a-z]+$"], {"longest": 5}, sum(26**n for n in range(1, 6))),
        (["^[a-z]*$"], {"shortest": 2, "longest": 3}, 26**2 + 26**3),
        (["^(a|a)$"], {}, 1),  # strings, not derivations
        (["^(a|b)*a(a|b){3}$"], {"longest": 5}, 2**3 + 2**4),
        (["^a$|^bb$"], {}, 2),
        (["a^b"], {}, 0),
        (["a$b"], {}, 0),
        (["^$"], {}, 1),
        (["$^"], {}, 1),
        (["(^a|b$)"], {"alphabet": "ab", "longest": 2}, 2 + 3),  # all but "", "ba"
        (["^[]$"], {}, 0),
        (["^[^\\D]$"], {}, 10),
        (["^\\w$"], {}, 63),
        (["^\\s$"], {}, 25),
        (["^[\\0-\\u{10FFFF}]$"], {}, 0x110000 - 0x800),  # without surrogates
        (["^\\uD83D$"], {}, 0),
        (["^[\\uD83D\\uDE00-\\uD83D\\uDE02]$"], {}, 3),
        (["^(true|false|null)$"], {}, 3),
        (["^.{3}$"], {"alphabet": "ab\n\r"}, 2**3),
        (["[A-Z]{3}"], {"alphabet": "ABc", "longest": 4}, 2**3 + 2 * 24 - 2**4),
        ([], {"alphabet": PRINTABLE, "longest": 2}, 1 + 95 + 95**2),
        (["|a[ab]{40}"], {"alphabet": "ab", "longest": 50}, 2**51 - 1),  # matches at once
        ([], {"longest": 0}, 1),
        (["a"], {"longest": 0}, 0),
        (["^a*$"], {"shortest": 3, "longest": 2}, 0),
        (["^a{3,5}$"], {"shortest": 4}, 2),
        (["^[a-z]{1,255}$"], {"longest": 2**31 - 1}, (26**256 - 26) // 25),
        # Lengths 3: all less those without "a", less those without "b".
        (["^[a-z]*$", "a", "b"], {"longest": 3}, 2 + 26**3 - 2 * 25**3 + 24**3),
        (["^(aa)*$", "^(aaa)*$"], {"longest": 12}, 3),
        (["^[a-m]$", "^[k-z]$"], {}, 3),
        (["^.$", "^[a-z]?$"], {}, 26),
        (["^(.|[a-z]{3})$"], {"shortest": 2}, 26**3),
    ],
)
def test_counts_agree_with_counts_by_hand(patterns, options, count):
    answer = language(patterns, **options)
    assert (answer.count, answer.reason) == (count, "")


@pytest.mark.parametrize(
    ("patterns", "options", "reason"),
    [
        (["[A-Z]{3}"], {}, BOTH),
        (["[A-Z]{3}"], {"longest": 9}, UNNAMED),
        (["^.{3}$"], {}, UNNAMED),
        (["^[^a]$"], {}, UNNAMED),
        (["^\\W$"], {}, UNNAMED),
        (["^[\\s\\S]$"], {}, UNNAMED),
        ([], {}, BOTH),
        ([], {"alphabet": "a"}, ENDLESS),
        ([], {"longest": 2**31 - 1}, UNNAMED),
        (["^a+$"], {"shortest": 10**9}, ENDLESS),
        (["^(.|[a-z]{3,})$"], {"shortest": 2}, ENDLESS),
    ],
)
def test_numbers_without_a_bound_have_a_reason(patterns, options, reason):
    answer = language(patterns, **options)
    assert (answer.count, answer.reason) == (None, reason)


@given(
    patterns=st.lists(
        pattern_texts(["a", "b", "\n", "[ab]", "[^a]", ".", "[^]", "[]", "^", "$", ""]), max_size=2
    ),
    shortest=st.integers(0, 2),
    longest=st.integers(0, 5),
)
def test_languages_agree_with_enumeration(patterns, shortest, longest):
    answer = language(patterns, alphabet="ab\n", shortest=shortest, longest=longest)
    python = {"[^]": r"[\s\S]", "[]": "(?!)", "$": r"\Z"}
    searches = [
        re.compile(re.sub(r"\[\^?\]|\$", lambda found: python[found[0]], pattern)).search
        for pattern in patterns
    ]
    strings = [
        "".join(letters)
        for length in range(7)
        for letters in itertools.product("ab\n", repeat=length)
    ]
    expected = [
        text
        for text in strings
        if shortest <= len(text) <= longest and all(search(text) for search in searches)
    ]
    assert [text for text in strings if answer.contains(text)] == expected
    assert answer.count == len(expected)


@given(pattern=pattern_texts(["a", "b", "[ab]", "[b-d]", "\\d", "ca"], ["?", "{2}", "{1,3}", "*"]))
def test_counts_agree_with_greenery(pattern):
    greenery = pytest.importorskip("greenery", reason="greenery is not installed")
    reference = greenery.parse(pattern)
    answer = language([f"^({pattern})$"])
    try:
        assert answer.count == reference.cardinality()
    except OverflowError:
        assert answer.reason == ENDLESS


def test_strings_without_a_pattern_are_a_geometric_sum():
    assert language([], alphabet="ab", longest=99_999).count == 2**100_000 - 1


@given(n_steps=st.integers(1, 3), longest=st.integers(20, 200), shortest=st.integers(0, 99))
def test_powers_of_the_matrix_agree_with_a_sum(n_steps, longest, shortest):
    lengths = [n for n in range(shortest, longest + 1) if n % n_steps == 0]
    answer = language([f"^([a-z]{{{n_steps}}})*$"], shortest=shortest, longest=longest)
    assert answer.count == sum(26**n for n in lengths)


def test_strings_hold_unicode_scalar_values():
    anything = language([], longest=2)
    assert anything.contains("\U0001f600é")
    assert not anything.contains("abc")
    assert not anything.contains("\ud83d")
    assert not language([], alphabet="a\ud83d", longest=1).contains("\ud83d")


def test_only_characters_of_the_alphabet_are_allowed():
    answer = language(["^.*$"], alphabet="abba", longest=2)
    assert answer.count == 1 + 2 + 4
    assert answer.contains("ab")
    assert not answer.contains("ac")


LONG_WORDS = "|".join(f"w{number}" for number in range(2_500))
HOSTILE = {
    "exponential automaton": "^(a|b)*a(a|b){40}$",
    "exponential automaton, anywhere": "a(a|b){40}$",
    "large repetition": "^(x{65535}){65535}$",
    "repetition of a repetition": "^((x{10000}){10000}){10000}$",
    "repetition of nothing": "^(((){10000}){10000}){10000}$",
    "quantifier of a quantifier": "x{65535}{65535}",
    "digits without end": f"a{{{'9' * 10_000}}}",
    "many optional parts": "^((a?){100}){100}$",
    "many loops": "^(a*b*c*d*){1000}$",
    "doubled 99 times": "^" + "(" * 99 + "a" + "){2}" * 99 + "$",
    "nested parentheses": "(" * 10_000 + ")" * 10_000,
    "nested classes": "[" * 10_000,
    "megabyte": "a" * 2**20,
    "many literals": "^" + "ab" * 9_000 + "$",
    "many sets": "".join(f"[{chr(n)}-{chr(n + 3000)}]" for n in range(0x4E00, 0x4E00 + 3900)),
    "large set, repeated": f"^[{''.join(map(chr, range(0x4E00, 0x8000, 2)))}]{{1,9000}}$",
    "least common multiple": "|".join(f"^({'a' * n})*$" for n in (83, 89, 97, 101)),
    "repeated words": f"^({LONG_WORDS})*$",
    "open groups": "(?:" * 3_000,
    "open names": "(?<a" * 3_000,
    "closed groups": ")" * 10_000,
    "quantifiers": "a" + "*" * 10_000,
    "braces": "{" * 10_000,
    "open ranges": "[a-" * 5_000,
    "a single backslash": "\\",
    "large code point": "\\u{" + "f" * 10_000 + "}",
    "half a surrogate pair": "\ud83d",
}


@pytest.mark.parametrize("pattern", HOSTILE.values(), ids=HOSTILE)
def test_hostile_patterns_are_refused_in_a_line(pattern):
    began = time.process_time()
    with pytest.raises(PatternError) as refusal:
        language([pattern])
    assert time.process_time() - began < 10  # about a second on an idle machine
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("^(a|a)*$", 51),
        ("^((a*)*)*$", 51),
        ("^" + "(" * 99 + "a" + ")+" * 99 + "$", 50),
        ("^" + "(a|b?" * 99 + "b" + ")*" * 99 + "$", 2**51 - 1),
        ("^" + "(^|$|)*" * 1000 + "a?$", 2),
        ("^(" + "|" * 9_000 + ")*$", 1),
        (f"^({LONG_WORDS})$", 2_500),
    ],
)
def test_hostile_patterns_with_a_small_automaton_are_counted(pattern, count):
    assert language([pattern], longest=50).count == count


def test_large_counts_are_refused():
    with pytest.raises(PatternError, match=r"^pattern '\^a\*\[ab\]\*\$': too large to count: "):
        language(["^a*[ab]*$"], longest=2**31)
    with pytest.raises(PatternError, match=r"^strings without a pattern: too large"):
        language([], alphabet="ab", longest=2**31)
    with pytest.raises(PatternError, match=r"^pattern 'aaa' and 1 more: too large to count: "):
        language(["aaa", "b"], alphabet=PRINTABLE, longest=10**6)


def test_membership_does_not_backtrack():
    slow_elsewhere = language(["^(a|a|a+)+$"])
    began = time.process_time()
    assert not slow_elsewhere.contains("a" * 100_000 + "!")
    assert time.process_time() - began < 5
