"""The slips in bodies and records that are passed over, because there is only one way to read what was meant: a stable word
for programs, a sentence for people. What could be read in two ways is not here: it goes to quarantine."""

from collections.abc import Iterable

FORGIVEN = {
    "byte_order_mark": "A byte order mark stood in front of it.",
    "character_set": "It was not UTF-8, and was read in the character set that its content type names.",
    "comments": "It held comments.",
    "deflate": "It was compressed with deflate.",
    "extra_brackets": "A closing bracket too many stood at its end.",
    "extra_commas": "It held commas with nothing behind them.",
    "gzip": "It was compressed with gzip.",
    "html_escaped": "It was escaped as if it were a part of a web page.",
    "json_in_form": "The JSON stood in a form.",
    "json_in_json": "The JSON stood in a JSON text, as if it had been written twice.",
    "lists_of_one": "Every value stood in a list; one that stood alone was read.",
    "members_in_a_list": "Members of an object stood in the brackets of a list; they were read as an object.",
    "missing_boundary": "The content type did not name the boundary of the form's parts; the body itself shows it.",
    "missing_commas": "Commas were missing between members.",
    "missing_values": "Some members had no value; they were read as not stated.",
    "nul_characters": "It held NUL characters outside of texts.",
    "odd_blanks": "It held blanks that are none in JSON.",
    "odd_escapes": "Texts held backslashes that escape nothing; they were kept.",
    "odd_numbers": "Numbers were written as JSON does not write them; their digits were kept as they stand.",
    "odd_separators": "The fields of the form were parted by semicolons or line breaks.",
    "odd_words": "It said true, false or nothing in words that are not JSON's, such as None.",
    "percent_encoded": "The JSON was percent-encoded.",
    "plus_signs": "A plus stood before digits as it is, which means a blank in a form; it was read as a plus.",
    "raw_control_characters": "Tabs or other control characters stood in texts as they are.",
    "raw_line_breaks": "Line breaks stood in texts as they are.",
    "replaced_characters": "Some bytes are no text in any character set that was named; each was read as U+FFFD.",
    "sent_as_form": "It was sent as a form instead of JSON.",
    "sent_in_query": "It was sent in the query of the URL instead of a body.",
    "several_documents": "Several JSON documents stood in one body.",
    "several_events": "It told of several events; each was read by itself.",
    "single_quotes": "Texts stood in single quotation marks.",
    "smart_quotes": "Texts stood in typographic quotation marks.",
    "unquoted_names": "Names stood without quotation marks.",
    "unquoted_values": "Values stood without quotation marks.",
    "wrapper": "What was told stood in an object of its own inside of the body.",
    "wrong_content_encoding": "Its header says that it was compressed, which it is not.",
    "wrong_content_type": "Its content type says something else than it is.",
}


def sentences(words: Iterable[str]) -> list[str]:
    """What the words say; a word of another release as it is."""
    return [FORGIVEN.get(word, word) for word in words]
