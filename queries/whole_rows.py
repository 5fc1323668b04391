"""Where rows end in bytes of CSV, or of lines of JSON."""


def end_of_last(piece: bytes, lines: bool = False) -> int:
    """Where the last whole row ends; 0 where none does. The piece begins with a row. In CSV a line's end may stand within quotes;
    before and behind a row there is an even number of them."""
    end = piece.rfind(b"\n") + 1
    if lines:
        return end
    odd = piece.count(b'"', 0, end) % 2
    while end and odd:
        before = piece.rfind(b"\n", 0, end - 1) + 1
        odd = (odd + piece.count(b'"', before, end)) % 2
        end = before
    return end
