"""What words plainly mean, in many languages; and that nothing is proposed where that is not clear."""

import tomllib

import pytest

from dialers.base import Connection
from dialers.vocabulary import CONNECT_OUTCOMES, FLAGS
from queries import hints, suggesting

SALE = (
    "Sale, SOLD!, Продажа, продано, Продаж, Куплено, बिक्री, Venta, VENDIDO, Prodej, Koupil, Sprzedaż, Verkauf, Venda, "
    "Vendu"
)
INTERESTED = (
    "Interested, Заинтересован, Интересно, Зацікавлений, रुचि है, इच्छुक, Interesado, Le interesa, Zájem, Má zájem, "
    "Zainteresowany, Interessiert, Interessado, Intéressée, Interessato"
)
NOT_INTERESTED = (
    "нет – не интересно, Not interested, NOT-INTERESTED, not_interested, Not really interested, No "
    "longer interested, uninterested, No "
    "interest, Lost interest, Refused, Не интересно, НЕ ИНТЕРЕСУЕТ, Неинтересно, Не заинтересован, Отказ, Не цікаво, не "
    "зацікавлений, Відмова, रुचि नहीं है, इच्छुक नहीं, नहीं चाहिए, No interesado, No está interesado, No le interesa, Sin "
    "interés, Nezájem, nezajem, Nemá zájem, Odmítl, Niezainteresowany, Nie jest zainteresowany, Kein Interesse, nicht "
    "interessiert, Não interessado, Sem interesse, Pas intéressé, Non interessato"
)
CALLBACK = (
    "Call back, Callback, CALL-BACK later, Call later, Перезвонить, Перезвонить позже, Передзвонити, Зателефонувати "
    "пізніше, बाद में कॉल करें, Volver a llamar, Llamar más tarde, Zavolat později, Oddzwonić, Rückruf, Später anrufen, "
    "Ligar depois, Rappeler"
)
DNC = (
    "Do not call, Don't call again, Do not call back, Не звонить, Больше не звонить, Не перезванивать, Не дзвонити, कॉल न "
    "करें, No llamar, No volver a llamar, Nevolat, Již nevolat, Nie dzwonić, Nicht anrufen, Não ligar, Ne pas rappeler"
)
WRONG = (
    "Wrong number, wrong person, Неправильный номер, Не тот номер, Невірний номер, गलत नंबर, Número equivocado, Špatné "
    "číslo, Zły numer, Falsche Nummer, Número errado, Mauvais numéro"
)
NOBODY = (
    "No answer, Busy, Voicemail, Нет ответа, Не берёт трубку, Занято, Немає відповіді, Nezvedl, Obsazeno, No contesta, "
    "Nicht erreicht"
)
UNCLEAR = (
    "Neúspěšný prodej, Попытка продажи, 7, Other, --, No sale, Not sold, не купил, Neprodáno, बेचा नहीं, "
    "Maybe interested, Interested?, Sale cancelled, "
    "Продажа отменена, Bought elsewhere, Уже купил, Подумает, Call back no answer, Not interested but sold, Callback not "
    "needed, Purchase not made, No callback, Not wrong number, Not busy, No appointment, Sale or not interested, Potential "
    "sale, Interested: No, Kein Verkauf, Sin venta, Ei kiinnosta, sold his car last year and wants to buy a new one from us"
    " in May"
)
MEANINGS = {
    SALE: ["contact", "sale"],
    INTERESTED: ["contact"],
    NOT_INTERESTED: ["contact", "not_interested"],
    CALLBACK: ["contact", "callback"],
    DNC: ["contact", "dnc"],
    "DNC, Blacklist, Чёрный список, Lista negra": ["dnc"],
    WRONG: ["wrong_number"],
    NOBODY: [],
    "Sale / call back": ["contact", "sale", "callback"],
    UNCLEAR: None,
}
CASES = [(word.strip(), flags) for words, flags in MEANINGS.items() for word in words.split(",")]


@pytest.mark.parametrize("word, flags", CASES)
def test_what_a_disposition_plainly_means(word, flags):
    expected = None if flags is None else [flag for flag in FLAGS if flag in flags]
    for written in (word, f"  {word.upper()} ", word.casefold()):
        assert suggesting.flags(written) == expected


RESULTS = [
    ("NO ANSWER", "no_answer"),
    ("no-answer", "no_answer"),
    ("USER_BUSY", "busy"),
    ("Занято", "busy"),
    ("Call Completed Elsewhere", "canceled"),
    ("MACHINE", "voicemail"),
    ("agent-busy", "agent_unavailable"),
    ("NO-FORWARD", None),
    ("not failed", None),
    ("busy or failed", None),
    ("77", None),
    ("?", None),
]


@pytest.mark.parametrize("word, outcome", RESULTS)
def test_what_a_dialers_word_plainly_means(word, outcome):
    assert suggesting.result(word) == outcome


def test_the_vocabulary_speaks_of_what_there_is():
    assert set(hints.RESULTS) <= set(CONNECT_OUTCOMES)
    assert all(set(flags) <= set(FLAGS) for flags, _ in hints.DISPOSITIONS.values())
    for _, by_language in hints.DISPOSITIONS.values():
        assert {"en", "ru", "uk", "es", "cs", "pl", "de", "pt"} <= set(by_language)
        for phrase in ", ".join(by_language.values()).split(","):
            assert suggesting.tokens(phrase.replace("*", "")), phrase


def seen(field, word, calls=1):
    return {"field": field, "word": word, "calls": calls}


def test_the_tables_are_toml_that_the_settings_take():
    nasty = 'a "quoted" \\ back\tslash\nnew \x7f line'
    words = [seen("disposition", "Sale", 113), seen("disposition", nasty), seen("disposition", "Нет ответа")]
    words += [seen("status_raw", "USER BUSY", 4), seen("hangup_cause", "NO-FORWARD", 2), seen("event", "busy")]
    text = suggesting.tables(Connection("a-1", "ryng"), words)
    assert tomllib.loads(text) == {
        "dispositions": {"a-1": {"Sale": ["contact", "sale"], "Нет ответа": []}},
        "words": {"a-1": {"USER BUSY": "busy"}},
    }
    assert '"Sale" = ["contact", "sale"]  # 113 calls' in text
    assert '# "NO-FORWARD" = "dismissed"  # 2 calls; not clear: yours to say' in text
    # Without their marks the lines that are left to a person are lines as well.
    everything = "\n".join(line.removeprefix("# ") for line in text.splitlines() if '"' in line or line.startswith("["))
    assert tomllib.loads(everything)["dispositions"]["a-1"][nasty] == []


def test_a_table_that_is_there_stays():
    there = Connection("a", "ryng", dispositions={"Interested": ("contact", "sale"), "Nope": ()}, words={"7": "busy"})
    text = suggesting.tables(there, [seen("disposition", "Sold"), seen("status_raw", "8")])
    assert "this replaces the table" in text
    assert tomllib.loads(text) == {
        "dispositions": {"a": {"Interested": ["contact", "sale"], "Nope": [], "Sold": ["contact", "sale"]}},
        "words": {"a": {"7": "busy"}},
    }


def test_what_was_decided_is_printed_where_nothing_is_left_too():
    """As docs/operations.md promises: who wants decisions of the page in the file finds all of them here."""
    there = Connection("a", "ryng", dispositions={"Interested": ("contact", "sale")}, words={"7": "busy"})
    decided = {"dispositions": {"a": {"Interested": ["contact", "sale"]}}, "words": {"a": {"7": "busy"}}}
    assert tomllib.loads(suggesting.tables(there, [])) == decided
    some = tomllib.loads(suggesting.tables(there, [seen("status_raw", "8")]))
    assert some == decided  # 8 is a comment, and the other table is there all the same


def test_nothing_to_decide():
    text = suggesting.tables(Connection("a", "ryng"), [])
    assert tomllib.loads(text) == {}
    assert "somebody has decided" not in text  # perhaps nothing has been heard yet
