"""Exercise 27: Byte-pair encoding, from training to text (plain Python).

A model cannot spell, miscounts the letters of a word, pays three times as much for Greek as for
English, and stumbles over a blank at the end of a prompt: all of that is decided before the first
matrix product, in the tokenizer. Interviewers ask you to write one, because it is twenty lines of
plain Python with a mistake waiting in each: which pair wins a tie, what becomes of "aaa", in
which order merges apply, and what a token is that holds half a character.

Tokens 0 to 255 are the bytes. The first merge makes token 256, the next one 257, and so on.

The follow-up is speed: yours looks at the whole text for every merge. What would you keep, so
that a merge costs only as much as it changes?
"""


def train_bpe(text: str, vocab_size: int) -> list[tuple[int, int]]:
    """Learn merges from a text.

    The text becomes its UTF-8 bytes, the whole of it as one sequence: nothing is stripped, split
    at blanks, or changed. Then, again and again, the pair that stands most often at adjacent
    positions becomes a new token, and replaces that pair everywhere, from left to right. Pairs
    that overlap all count: in "aaa" the pair ("a", "a") stands twice. Of pairs that stand
    equally often, the one that is smallest as a tuple of tokens is taken.

    Args:
        text: Any text, the empty one too, without lone surrogates; up to 5,000 bytes.
        vocab_size: The number of tokens to end with, the 256 bytes included; up to 100 merges.
            Training ends earlier when no pair stands twice, counted in the same way (so "aaa"
            merges once).
    Returns:
        A list of pairs of tokens, tuples of two ints, in the order in which they were learned:
        pair k (from 0) made token `256 + k`.
    Raises:
        ValueError: `vocab_size` is below 256.
    Example:
        >>> [(int(a), int(b)) for a, b in train_bpe("abab cab", 258)]
        [(97, 98)]
        >>> [(int(a), int(b)) for a, b in train_bpe("aaa", 300)]
        [(97, 97)]

    Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword
    Units, 2016.
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_27: `train_bpe` is still a stub")


def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """Turn a text into tokens.

    Starts from the UTF-8 bytes. As long as a pair of `merges` is present, the one among those
    that was learned earliest is replaced by its token, everywhere, from left to right.

    Args:
        text: Any text without lone surrogates. 20,000 characters with 300 merges take less than
            10 seconds of processor time.
        merges: As `train_bpe` gives them, of any text: pair k (from 0) makes token `256 + k` and
            names only tokens below that, no pair stands twice, and tokens are nested at most 500
            deep. May be empty.
    Returns:
        A list of ints. `merges` stays as it was.
    Example:
        >>> [int(token) for token in encode("abba", [(98, 98), (97, 256)])]
        [257, 97]
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_27: `encode` is still a stub")


def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """Turn tokens back into text.

    Args:
        ids: Tokens; any that exist, in any order, and none at all.
        merges: As for `encode`.
    Returns:
        The text. Bytes that are not UTF-8 become U+FFFD, as `errors="replace"` does it where
        all bytes are decoded at once. `ids` and `merges` stay as they were.
    Raises:
        ValueError: `ids` holds a token that does not exist.
    Example:
        >>> decode([257, 97], [(98, 98), (97, 256)])
        'abba'
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_27: `decode` is still a stub")
