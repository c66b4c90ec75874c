"""The hidden checks of exercise 27.

Truth works on strings: each token is a character, so that `str.replace` is the merge from left
to right, and a pair is counted where the string starts with it. All results are whole numbers or
text, so there are no tolerances.

Not drawn: test_accepts_less_than_the_bytes: an error type has no value.
"""

import string
from functools import lru_cache
from itertools import islice, product

import numpy as np
import pytest

from gradekit.grading import Truth, check, expect, show

# Characters that stand for tokens: none of them is a surrogate, which Python would not print.
FIRST = 0x10000


def as_string(tokens):
    """One character a token."""
    return "".join(chr(FIRST + token) for token in tokens)


def as_tokens(string):
    """The tokens that the characters stand for."""
    return [ord(character) - FIRST for character in string]


def most_frequent(string):
    """The pairs that stand most often, the smallest first; none, if no pair stands twice."""
    pairs = {string[i : i + 2] for i in range(len(string) - 1)}
    counts = {p: sum(string.startswith(p, i) for i in range(len(string))) for p in pairs}
    most = max(counts.values(), default=0)
    return sorted(p for p in pairs if counts[p] == most) if most > 1 else []


def learned(text, vocab_size):
    """The merges, by counting in strings."""
    if vocab_size < 256:
        raise ValueError
    string, merges = as_string(text.encode()), []
    for token in range(256, vocab_size):
        pairs = most_frequent(string)
        if not pairs:
            break
        string = string.replace(pairs[0], as_string([token]))
        merges.append((*as_tokens(pairs[0]),))
    return merges


@lru_cache(maxsize=1024)  # most answers learn the same
def followed(text, merges):
    """How many of these merges are of a most frequent pair in turn, whichever of equals that is,
    and whether any pair stands twice behind them."""
    string = as_string(text.encode())
    for number, merge in enumerate(merges):
        pairs = {(*as_tokens(pair),): pair for pair in most_frequent(string)}
        if merge not in pairs:
            return number, bool(pairs)
        string = string.replace(pairs[merge], as_string([256 + number]))
    return len(merges), bool(most_frequent(string))


def encoded(text, merges):
    """The tokens: merge after merge, since no later one can bring an earlier pair back."""
    string = as_string(text.encode())
    for number, pair in enumerate(merges):
        string = string.replace(as_string(pair), as_string([256 + number]))
    return as_tokens(string)


def decoded(ids, merges):
    """The text: tokens are taken apart from the newest down, until there are bytes only."""
    known = 256 + len(merges)
    if any(not 0 <= token < known for token in ids):
        raise ValueError
    string = as_string(ids)
    for number in reversed(range(len(merges))):
        string = string.replace(as_string([256 + number]), as_string(merges[number]))
    return bytes(as_tokens(string)).decode("utf-8", errors="replace")


def is_token(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def pairs_in(actual):
    """Merges as tuples of ints, if they are lists or tuples of two tokens."""
    expect(isinstance(actual, list | tuple), f"expected a list, got {show(actual)}")
    for pair in actual:
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2 and all(map(is_token, pair))
        expect(is_pair, f"expected tuples of two ints, got {show(pair)}")
    return [(int(left), int(right)) for left, right in actual]


def judge_number(actual, expected, text, vocab_size):
    """All merges, as lists or tuples, whichever of equals they are of."""
    got = pairs_in(actual)
    size, goes_on = followed(text, (*got,)) if got != expected else (len(got), False)
    full = len(got) == vocab_size - 256 or not goes_on
    expect(size == len(got) <= vocab_size - 256 and full,
           f"expected {show(expected)}, got {show(got)}")  # fmt: skip


def judge_ties(actual, expected, *_):
    """The merges as far as both go, of which there is one: how many there are is asked once."""
    got = pairs_in(actual)
    size = max(min(len(got), len(expected)), 1)
    expect(got[:size] == expected[:size] or not expected,
           f"expected {show(expected)}, got {show(got)}")  # fmt: skip


def judge_order(actual, expected, text, vocab_size):
    """The same, but of pairs that stand equally often any will do: that is asked once, too."""
    got = pairs_in(actual)[: len(expected)]
    right = got == expected or (got and followed(text, (*got,))[0] == len(got))
    expect(right, f"expected {show(expected)}, got {show(pairs_in(actual))}")


def judge_form(actual, expected, text, vocab_size):
    """As `judge_order`, but only a list of tuples."""
    judge_order(actual, expected, text, vocab_size)
    expect(isinstance(actual, list), f"expected a list, got {show(actual)}")
    for pair in actual:
        expect(isinstance(pair, tuple), f"expected tuples of two ints, got {show(pair)}")


def judge_ids(actual, expected, *_):
    """A list of ints."""
    is_list = isinstance(actual, list) and all(map(is_token, actual))
    expect(is_list, f"expected a list of ints, got {show(actual)}")
    got = [int(token) for token in actual]
    expect(got == expected, f"expected {show(expected)}, got {show(got)}")


def texts(st):
    """Short texts of few letters, and of characters of several bytes."""
    return st.one_of(st.text("ab", max_size=6), st.text("ab c\n", max_size=10),
                     st.text("aé漢🙂", max_size=5))  # fmt: skip


def merges_of(st):
    """Up to three merges of small letters, each of older tokens."""
    old = st.sampled_from([97, 98])
    first = st.tuples(old, old)
    second = st.tuples(st.sampled_from([97, 98, 256]), st.sampled_from([97, 98, 256]))
    third = st.tuples(st.sampled_from([97, 256, 257]), st.sampled_from([98, 256, 257]))
    return st.lists(st.nothing()) | st.tuples(first, second, third).flatmap(
        lambda pairs: st.integers(1, 3).map(lambda n: [*pairs[:n]])
    ).filter(lambda pairs: len({*pairs}) == len(pairs))



def training(judge):
    return Truth(
        "train_bpe",
        learned,
        inputs=lambda st: st.tuples(texts(st), st.integers(254, 262)),
        rtol=0.0,
        judge=judge,
    )


TRAIN, TRAIN_TIES = training(judge_order), training(judge_ties)
TRAIN_NUMBER, TRAIN_FORM = training(judge_number), training(judge_form)
ENCODE = Truth(
    "encode",
    encoded,
    inputs=lambda st: st.tuples(texts(st), merges_of(st)),
    rtol=0.0,
    judge=judge_ids,
)
DECODE = Truth(
    "decode",
    decoded,
    inputs=lambda st: merges_of(st).flatmap(
        lambda merges: st.tuples(
            st.lists(st.sampled_from([97, 98, 195, 169, 255 + len(merges)]), max_size=4),
            st.just(merges),
        )
    ),
    rtol=0.0,
)

RHYME = "she sells sea shells by the sea shore, and the shells she sells are sea shells"
# The more frequent pair stands at the end of 5,000 bytes, where a shorter look misses it.
LATE = "ab" * 1100 + "cd" * 1400
GREEK = "αβα βαβ αβ αα βα"


def drawn_text(rng, letters, low=20, high=60):
    return "".join(rng.choice([*letters], size=int(rng.integers(low, high))).tolist())


# Every pair stands twice: good for a hundred merges and more.
MANY = 2 * drawn_text(np.random.default_rng(0), string.ascii_letters, 108, 109)


def drawn_merges(rng, letters, count):
    """Legal merges of these letters' bytes, learned from no text in particular."""
    known = sorted({*"".join(letters).encode()})
    merges = []
    while len(merges) < count:
        pair = (int(rng.choice(known)), int(rng.choice(known)))
        if pair not in merges:
            known.append(256 + len(merges))
            merges.append(pair)
    return merges


# ----------------------------------------------------------------------------------- train_bpe


@check("train_bpe", points=0.5,
       hint="Count the pairs of a short text by hand. Which stands most often, and what is the "
            "next most frequent one after it has been replaced?")  # fmt: skip
def test_merges_another_pair(submission):
    """Again and again the most frequent adjacent pair becomes a token."""
    TRAIN.assert_holds(
        submission,
        [("abcabcabcbcbc", 258), ("xyxyxyzzxyzzxyz", 259), ("low lower lowest newer wider", 262),
         (RHYME, 266), (LATE, 258)],
        draw=lambda rng: (drawn_text(rng, "abc", 40), int(rng.integers(258, 264))),
    )  # fmt: skip


@check("train_bpe", points=0.5,
       hint="In \"aaaa\" at how many positions does (a, a) stand? And how many tokens are left "
            "after it is replaced from the left?")  # fmt: skip
def test_miscounts_pairs_that_overlap(submission):
    """Overlapping pairs count each, and are replaced from left to right."""
    # (a, a) stands four times in "aaaaa", more often than (b, c), but without overlap twice.
    TRAIN.assert_holds(
        submission,
        [("aaaaa bc bc bc", 258), ("aaabdaaabac", 260), ("aaaaaaaaaaaaaa", 262), ("aaa", 300),
         ("aaaa", 300), ("baaab", 258), ("zaazaaaza", 259)],
        draw=lambda rng: (drawn_text(rng, "aaab", 12, 30), int(rng.integers(258, 262))),
    )  # fmt: skip


@check("train_bpe", points=0.5,
       hint="Two pairs stand equally often. Which does yours take: the first in the text, the "
            "last, the largest?")  # fmt: skip
def test_takes_another_pair_of_equals(submission):
    """Of pairs that stand equally often, the smallest tuple of tokens is merged."""
    TRAIN_TIES.assert_holds(
        submission,
        [("zyzy xwxw", 258), ("baba", 258), ("cbcb.cbcb", 260), ("qp;qp;nm;nm", 259),
         ("dcba dcba", 262), ("xzxy;xzxy", 258)],
        draw=lambda rng: (("".join(rng.permutation([*"bdfhkm"]).tolist()) + "z") * 2, 260),
    )  # fmt: skip


@check("train_bpe", points=0.5,
       hint="How many bytes has \"é\" in UTF-8? And how many tokens are there before the first "
            "merge?")  # fmt: skip
def test_trains_on_characters(submission):
    """Tokens 0 to 255 are the bytes of UTF-8, and characters of several bytes are merged too."""
    TRAIN.assert_holds(
        submission,
        [("éé", 300), (GREEK, 262), ("漢字漢字漢", 264), ("🙂🙂🙂", 300), ("naïve naïf", 262)],
        draw=lambda rng: (drawn_text(rng, "aéΩ漢", 10, 20), int(rng.integers(258, 262))),
    )


@check("train_bpe", points=0.5,
       hint="Does your code split, strip or lower the text before it counts? Which bytes are "
            "blanks and newlines?")  # fmt: skip
def test_splits_the_text_into_words(submission):
    """The whole text is one sequence: blanks, newlines and capital letters are bytes as well."""
    TRAIN.assert_holds(
        submission,
        [("a b a b a b", 258), ("  x  x  ", 259), ("Ab ab AB Ab AB", 258), ("x\n\nx\n\n", 258),
         ("x\n\n\ny", 258), ("e .e .e .", 260), ("\x00\x00\x01\x00\x00\x01", 259),
         ("\r\n\r\n a", 258), ("e\u0301 e\u0301", 258)],  # an accent of its own, which stays one
        draw=lambda rng: (drawn_text(rng, "aA \n", 15, 40), int(rng.integers(258, 261))),
    )  # fmt: skip


@check("train_bpe", points=0.5,
       hint="vocab_size = 256 leaves room for how many merges? And when is there nothing left "
            "that stands twice?")  # fmt: skip
def test_stops_too_early_or_too_late(submission):
    """Training ends at `vocab_size` tokens, or when no pair stands twice."""
    TRAIN_NUMBER.assert_holds(
        submission,
        [("abababab", 256), ("abababab", 257), ("abababab", 258), ("abababab", 300), ("", 300),
         ("a", 300), ("", 256), ("abcdefg", 300), ("ab", 257), ("abcabc", 300), ("abxab", 257),
         ("aabbaabb", 10**6), (MANY, 356)],
        draw=lambda rng: (drawn_text(rng, "ab", 6, 14), 400),
    )  # fmt: skip


@check("train_bpe", points=0.5,
       hint="The bytes alone are 256 tokens. What can a vocabulary of 255 be?")  # fmt: skip
def test_accepts_less_than_the_bytes(submission):
    """A `vocab_size` below 256 is a ValueError."""
    for text, size in (("abab", 255), ("abab", 0), ("", 255), ("abab", -1)):
        with pytest.raises(ValueError):
            submission.train_bpe(text, size)
    TRAIN.assert_holds(submission, [("abab", 256), ("abab", 258)])


@check("train_bpe", points=0.5,
       hint="Are the pairs tuples, in the order of learning, and without the pairs of the call "
            "before?")  # fmt: skip
def test_train_bpe_returns_something_else(submission):
    """The result is a list of tuples of two ints, and every call starts afresh."""
    cases = [("abab", 258), ("cdcd", 258), ("abab", 259), ("cdcdcdcd", 300)]
    TRAIN_FORM.assert_holds(
        submission, cases, draw=lambda rng: (drawn_text(rng, "xy", 8, 16), 258), unchanged=True
    )
    named = submission.train_bpe(text="abab", vocab_size=300)
    judge_form(named, [(97, 98)], "abab", 300)


# -------------------------------------------------------------------------------------- encode


@check("encode", points=0.5,
       hint="\"abc\", and the merges are (b, c) and then (a, b). Which of the two applies? Does "
            "your loop ask the text first, or the merges?")  # fmt: skip
def test_merges_in_another_order(submission):
    """Of the pairs that are present, the earliest learned is replaced first."""
    a, b, c, d = 97, 98, 99, 100

    def draw(rng):
        return drawn_text(rng, "abc"), drawn_merges(rng, "abc", int(rng.integers(4, 9)))

    ENCODE.assert_holds(
        submission,
        [("abc", [(b, c), (a, b)]), ("abc", [(a, b), (b, c)]), ("abcd", [(c, d), (a, b), (b, c)]),
         ("abcabc", [(b, c), (a, b), (c, a), (256, a)]), ("abcd", [(b, c), (a, b), (256, d)]),
         ("abcab", [(c, a), (a, b), (b, 256), (256, b)]), (RHYME, learned(RHYME, 270))],
        draw=draw, draws=3,
    )  # fmt: skip


@check("encode", points=0.5,
       hint="How often does the pair stand in the text, and how often is it replaced? Where does "
            "\"aaa\" begin?")  # fmt: skip
def test_replaces_some_only(submission):
    """A pair is replaced everywhere, from left to right."""
    aa = [(97, 97)]
    ENCODE.assert_holds(
        submission,
        [("aa", aa), ("aaa", aa), ("aaaaa", aa), ("abaab", aa), ("baaabaa", aa),
         ("aaaaaaa", [(97, 97), (256, 256)]), ("aaaaaaa", [(97, 97), (256, 97)]),
         ("xaaxaaxaaa", [(97, 97), (120, 256), (257, 257)])],
        draw=lambda rng: (drawn_text(rng, "aab", 10, 25), [(97, 97), (97, 98), (256, 97)]),
    )  # fmt: skip


@check("encode", points=0.5,
       hint="A merge may be made of merges. Does a new token take part in the next round, and do "
            "you look at every merge, whatever the text?")  # fmt: skip
def test_leaves_merges_of_merges_out(submission):
    """New tokens are merged in their turn, until no pair of `merges` is left."""
    text = "abcabdabcabd" * 3
    chain = [(97, 98), (256, 99), (256, 100), (257, 258), (259, 259), (260, 259)]

    def draw(rng):
        text = drawn_text(rng, "ab", 20, 30)
        return text + text[::-1], learned(text, 270)

    ENCODE.assert_holds(
        submission,
        [(text, chain), (text, chain[:3]), (text, chain[:1]), ("abab", [(98, 98), (97, 98)]),
         ("a" * 33, [(97, 97), (256, 256), (257, 257), (258, 258), (259, 97)])],
        draw=draw,
    )  # fmt: skip


@check("encode", points=0.5,
       hint="What are the bytes of \"é\"? What do you give for an empty text, and without any "
            "merge?")  # fmt: skip
def test_encodes_characters(submission):
    """The bytes of UTF-8 are the tokens to start from, whatever the text; no merges are fine."""
    def draw(rng):
        return drawn_text(rng, "aé漢🙂 ", 5, 15), drawn_merges(rng, "aé漢", 6)

    ENCODE.assert_holds(
        submission,
        [("é", []), ("", []), ("", [(97, 98)]), ("a", [(97, 97)]), ("漢字 🙂\n\x00", []),
         (GREEK, learned(GREEK, 264)), ("ßé", [(195, 159), (195, 169)]), (" A b ", [(32, 65)]),
         ("\u0100\u0101", [(196, 128)]), ("e\u0301 \ufb01", [])],  # nothing is normalised
        draw=draw,
    )  # fmt: skip


LONG, WIDTH = 156, 128  # words, and letters of each: just under 20,000 characters


def long_problem(rng):
    """20,000 characters of two words, and 300 merges: pairs of letters, pairs of these, and so on.

    The first merges leave little of the text, so a pass over it for each merge takes no time,
    though there are as many replacements as in any text that becomes one word after the other.
    """
    a, b, c, d = (chr(letter) for letter in rng.permutation(range(97, 123))[:4])
    words = [WIDTH // 2 * (a + b), WIDTH // 2 * (c + d)]
    tokens = [[*word.encode()] for word in words]
    merges = []
    while len(tokens[0]) > 1:  # both words halve with each round
        pairs = [(word[0], word[1]) for word in tokens]
        tokens = [[256 + len(merges) + i] * (len(word) // 2) for i, word in enumerate(tokens)]
        merges += pairs
    tops = [word[0] for word in tokens]
    while len(merges) < 300:
        first = 256 + len(merges)
        merges += [*islice(product(tops, repeat=2), 300 - len(merges))]
        tops = range(first, 256 + len(merges))
    return "".join(rng.choice(words, size=LONG).tolist()), merges


@check("encode", points=0.5,
       hint="There are some 19,000 replacements to make. Do you look through the whole text for "
            "each of them, or for each merge?")  # fmt: skip
def test_searches_the_text_for_every_replacement(submission):
    """20,000 characters with 300 merges take less than 10 seconds of processor time."""
    ENCODE.assert_holds(submission, [], draw=long_problem, draws=1)


def twice(answer, name, first, merges, more):
    """A call, another with more merges in the same list, and the lists afterwards."""
    before = getattr(answer, name)(first, merges)
    merges.extend(more)
    return before, getattr(answer, name)(first, merges), first, merges


@check("encode", points=0.5,
       hint="Do you pop or sort the merges, or keep a table of them for the next "
            "call?")  # fmt: skip
def test_encode_changes_or_remembers_merges(submission):
    """The merges stay as they were, and every call starts afresh."""
    ENCODE.assert_holds(
        submission,
        [("abab", [(98, 97), (97, 98)]), ("abab", [(97, 98), (98, 97)]), ("abab", [(97, 98)]),
         ("abab", [(97, 98), (256, 256)])],
        draw=lambda rng: (drawn_text(rng, "ab", 8, 16), drawn_merges(rng, "ab", 3)),
        unchanged=True,
    )  # fmt: skip
    both = [(97, 98), (256, 256)]
    before, after, *_ = submission.probe(twice, "encode", "ababa", both[:1], both[1:])
    judge_ids(before, [256, 256, 97])
    judge_ids(after, [257, 97])
    judge_ids(submission.encode(text="abab", merges=both), [257])


# -------------------------------------------------------------------------------------- decode


@check("decode", points=0.5,
       hint="Write down the bytes of token 257, by hand, from the merges alone. In which order "
            "do its parts stand?")  # fmt: skip
def test_takes_tokens_apart_wrongly(submission):
    """Each token stands for the bytes of its two parts, which may be merges themselves."""
    def draw(rng):
        merges = drawn_merges(rng, "abc", 6)
        return rng.choice([97, 98, 99, *range(256, 262)], size=8).tolist(), merges

    chain = [(97, 98), (256, 99), (256, 257), (258, 97), (100, 259)]
    DECODE.assert_holds(
        submission,
        [([257], [(98, 98), (97, 256)]), ([256, 257, 258, 259, 260], chain), ([97, 260, 97], chain),
         ([104, 105], []), ([], chain), ([], []), ([0, 10, 127], [])],
        draw=draw,
    )  # fmt: skip


@check("decode", points=0.5,
       hint="A token may hold the first half of a character, and the next one the rest. When do "
            "you turn bytes into text?")  # fmt: skip
def test_decodes_token_by_token(submission):
    """The bytes of all tokens together are decoded as UTF-8."""
    def draw(rng):
        text = drawn_text(rng, "é漢🙂Ω", 3, 8)
        return [*text.encode()], drawn_merges(rng, "é漢", 3)

    DECODE.assert_holds(
        submission,
        [([195, 169], []), ([97, 195, 169, 98], []), ([240, 159, 153, 130], []),
         ([256, 162, 230, 257], [(230, 188), (188, 162)]), (encoded(GREEK, learned(GREEK, 264)),
                                                           learned(GREEK, 264))],
        draw=draw,
    )  # fmt: skip


@check("decode", points=0.5,
       hint="A model may say byte 255, or half a character. What does `errors` say to "
            "bytes.decode?")  # fmt: skip
def test_stumbles_over_what_is_no_text(submission):
    """Bytes that are not UTF-8 become U+FFFD, as errors="replace" does."""
    def draw(rng):
        return [97, *rng.integers(128, 256, size=5).tolist(), 98], [(97, 98)]

    DECODE.assert_holds(
        submission,
        [([255], []), ([97, 195, 98], []), ([230, 188], []), ([169, 97], []),
         ([195, 256], [(97, 97)]), ([240, 159, 153], []), ([192, 175, 97], []),
         ([97, 256, 97], [(240, 159)])],
        draw=draw,
    )  # fmt: skip


@check("decode", points=0.5,
       hint="Which tokens exist with two merges? What does a list make of the index -1, and a "
            "dict of a missing key?")  # fmt: skip
def test_decodes_tokens_that_do_not_exist(submission):
    """A token that does not exist is a ValueError."""
    def draw(rng):
        return [97, int(rng.integers(258, 10**6)), 98], [(97, 98), (256, 97)]

    two = [(97, 98), (256, 256)]
    DECODE.assert_holds(
        submission,
        [([258], two), ([-1], two), ([97, 256], []), ([97, 300], two), ([-256], []), ([-258], two),
         ([257, 255, 0], two), ([255], [])],
        draw=draw,
    )  # fmt: skip


@check("decode", points=0.5,
       hint="Encode a poem and decode it again. Which tokens come apart, however deep they are "
            "nested?")  # fmt: skip
def test_loses_something_on_the_way_back(submission):
    """What encode makes of a text comes back as that text, from deeply nested tokens too."""
    def draw(rng):
        text = drawn_text(rng, "ab é\n", 30)
        merges = learned(text, 280)
        return encoded(text, merges), merges

    deep = [(97, 98), *((256 + k, 97 + k % 3) for k in range(399))]
    DECODE.assert_holds(
        submission,
        [([655], deep), ([655, 400, 97], deep), (encoded(RHYME, learned(RHYME, 290)),
                                                 learned(RHYME, 290)),
         # An accent of its own, and a mark at the beginning that is a character like any other.
         ([101, 204, 129], []), ([239, 187, 191, 97], []), ([13, 10, 97, 13], []),
         ([97, 256] * 600, [(98, 99)])],
        draw=draw,
    )  # fmt: skip


@check("decode", points=0.5,
       hint="Does the call empty or extend one of its lists, or keep the vocabulary of the call "
            "before?")  # fmt: skip
def test_decode_changes_or_remembers_its_lists(submission):
    """The lists stay as they were, and every call starts afresh."""
    DECODE.assert_holds(
        submission,
        [([256, 257, 97], [(98, 98), (97, 256)]), ([256, 257, 97], [(97, 98), (256, 97)]),
         ([256, 256], [(99, 97)])],
        draw=lambda rng: (rng.integers(256, 259, size=5).tolist(), drawn_merges(rng, "abc", 3)),
        unchanged=True,
    )  # fmt: skip
    both = [(97, 98), (256, 99)]
    # Token 257 exists only in the second call.
    before, after, *_ = submission.probe(twice, "decode", [256], both[:1], both[1:])
    expect(before == "ab" and after == "ab", f"expected 'ab' twice, got {show([before, after])}")
    expect(submission.decode(ids=[257], merges=both) == "abc", "expected 'abc'")
    with pytest.raises(ValueError):
        submission.decode([257], both[:1])
