"""What words plainly mean, for the proposals of ``queries.suggesting``: the vocabulary, and nothing else.

Phrases are separated by commas. A star ends a stem. Case, accents and punctuation do not count. Add a language by adding its
phrases to each meaning; the negations are those of all languages together.
"""

from collections.abc import Mapping

# Meaning -> (flags, phrases by language), in the order in which they are looked for: what is found takes its words away from
# what comes after it, so that "do not call back" is no promise to call back.
DISPOSITIONS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "a list of numbers not to be called": (
        ("dnc",),
        {
            "en": "dnc, dnc list, do not call list, dont call list, blacklist, blacklisted, black list, opt out, opted "
            "out, unsubscribe*",
            "ru": "черный список, чс",
            "uk": "чорний список",
            "es": "lista negra, lista robinson",
            "cs": "cerna listina, blacklist",
            "pl": "czarna lista",
            "de": "sperrliste, schwarze liste, robinsonliste",
            "pt": "lista negra",
        },
    ),
    "asked not to be called": (
        ("contact", "dnc"),
        {
            "en": "does not want to be called, doesnt want to be called, not to be called, do not call*, dont call*, do "
            "not contact, dont contact, never call*, not call again, no more calls, stop calling, "
            "remove from list, remove me, remove number, take off list, no calls, do not disturb",
            "ru": "не звон*, не перезван*, больше не звон*, не беспоко*, удалить из базы, удалить номер, запрет звонков",
            "uk": "не дзвон*, не телефон*, не передзвон*, більше не дзвон*, не турбу*, видалити з бази, видалити номер",
            "hi": "कॉल न करें, कॉल ना करें, कॉल मत, फोन न करें, फ़ोन न करें, दोबारा कॉल न, call mat karo, call na kare*",
            "es": "no llamar*, no llame*, no volver a llamar, no contactar, no molestar, no desea llamadas, dar de baja",
            "cs": "nevolat*, jiz nevolat, uz nevolat, nekontaktovat, nepreje si, neprejete si, zakaz volani",
            "pl": "nie dzwon*, nie kontaktowac, wiecej nie dzwon*, zakaz dzwonienia, usunac z bazy",
            "de": "nicht anrufen, nicht mehr anrufen, nicht kontaktieren, keine anrufe, kein anruf mehr, werbesperre",
            "pt": "nao ligar*, nao ligue*, nao contatar, nao contactar, nao perturb*, remover da lista",
            "fr": "ne pas appeler, ne pas rappeler, ne plus appeler, ne pas contacter",
            "it": "non chiamare*, non richiamare, non contattare",
        },
    ),
    "another number": (
        ("wrong_number",),
        {
            "en": "wrong number*, wrong person, wrong phone, wrong party, not his number, not her number, not the right "
            "number",
            "ru": "неправильный номер, неверный номер, не тот номер, ошиблись номером, ошибочный номер, чужой номер, не "
            "тот человек",
            "uk": "неправильний номер, невірний номер, не той номер, помилковий номер, помилились номером, хибний номер, "
            "чужий номер",
            "hi": "गलत नंबर, ग़लत नंबर, रॉन्ग नंबर, रांग नंबर, galat number, rong number",
            "es": "numero equivocado, numero erroneo, numero incorrecto, telefono equivocado, telefono erroneo, persona "
            "equivocada",
            "cs": "spatne cislo, chybne cislo, jine cislo, nespravne cislo, spatna osoba",
            "pl": "zly numer, bledny numer, niewlasciwy numer, nieprawidlowy numer, pomylka",
            "de": "falsche nummer, falsche rufnummer, falsche telefonnummer, falsche person, falsch verbunden",
            "pt": "numero errado, numero incorreto, telefone errado, pessoa errada, engano",
            "fr": "mauvais numero, faux numero, numero errone, mauvaise personne",
            "it": "numero sbagliato, numero errato",
        },
    ),
    "nobody to speak to": (
        (),
        {
            "en": "no answer, noanswer, not answered, unanswered, did not answer, didnt answer, does not answer, doesnt "
            "answer, "
            "not answering, no pick up, no response, no reply, busy, line busy, voicemail, voice mail, answering machine, "
            "left message, unreachable, not reachable, out of reach, switched off, no contact, not contacted",
            "ru": "нет ответа, не отвечает, не ответил*, не берет*, не взял*, недозвон*, не дозвон*, занято, автоответчик, "
            "голосовая почта, недоступен, вне зоны",
            "uk": "немає відповіді, нема відповіді, не відповідає, не відповів, не відповіла, не бере*, недодзвон*, не "
            "додзвон*, "
            "зайнято, автовідповідач, голосова пошта, недоступний, поза зоною",
            "hi": "जवाब नहीं, उत्तर नहीं, कोई जवाब नहीं, फोन नहीं उठाया, फ़ोन नहीं उठाया, कॉल नहीं उठाया, व्यस्त, स्विच "
            "ऑफ, पहुंच से बाहर",
            "es": "no contesta, no contesto, no responde, no atiende, sin respuesta, ocupado, comunica, buzon, buzon de "
            "voz, contestador, apagado",
            "cs": "nebere*, nezvedl*, nezveda*, neodpovida*, bez odpovedi, nedovolano, nedostupn*, obsazeno, zaznamnik, "
            "hlasova schranka",
            "pl": "nie odbiera, nie odebral*, brak odpowiedzi, zajete, poczta glosowa, automatyczna sekretarka, "
            "niedostepny",
            "de": "nicht erreicht, nicht erreichbar, keine antwort, besetzt, mailbox, anrufbeantworter, niemand erreicht,"
            " hebt nicht ab",
            "pt": "nao atende, nao atendeu, nao atendido, sem resposta, caixa postal, correio de voz, secretaria "
            "eletronica, desligado",
            "fr": "pas de reponse, sans reponse, ne repond pas, messagerie, repondeur, occupe",
            "it": "non risponde, nessuna risposta, occupato, segreteria",
        },
    ),
    "does not want it": (
        ("contact", "not_interested"),
        {
            "en": "uninterested, disinterested, not intrested, refus*, declin*, does not want*, doesnt want*, not want*, "
            "lost interest, not need*, "
            "no need, does not need, doesnt need",
            "ru": "неинтерес*, незаинтересов*, не нужно, не надо, отказ*, не хочет, не актуально, неактуально, не "
            "требуется",
            "uk": "нецікав*, незацікавлен*, не потрібн*, не треба, відмов*, не хоче, не актуально, неактуально",
            "hi": "नहीं चाहिए, मना कर*, इनकार, इंकार, अस्वीकार, ज़रूरत नहीं, जरूरत नहीं, nahi chahiye",
            "es": "desinteresad*, rechaz*, no quiere, no desea, no necesita, no le hace falta",
            "cs": "nezajem*, nema zajem, nemaji zajem, neprojevil* zajem, odmit*, nechce, nepotrebuje, bez zajmu",
            "pl": "niezainteresowan*, odmow*, odmaw*, nie chce, nie potrzebuje",
            "de": "desinteress*, uninteressiert, abgelehnt, ablehnung, lehnt ab, will nicht, braucht nicht, kein bedarf",
            "pt": "desinteress*, recus*, nao quer, nao quis, nao deseja, nao precisa",
            "fr": "desinteress*, refus*, ne veut pas, pas besoin",
            "it": "disinteress*, rifiut*, non vuole",
        },
    ),
    "wants to be called again": (
        ("contact", "callback"),
        {
            "en": "call back*, callback*, call later, call again, call me later, call tomorrow, recall, ring back, follow"
            " up call, cb",
            "ru": "перезвон*, звонить позже, позвонить позже, звонок позже, обратный звонок",
            "uk": "передзвон*, перетелефон*, подзвонити пізніше, зателефонувати пізніше, дзвонити пізніше, зворотний "
            "дзвінок, зворотній дзвінок",
            "hi": "वापस कॉल, बाद में कॉल, दोबारा कॉल, फिर से कॉल, कॉल बैक, कॉलबैक, बाद में फोन, बाद में फ़ोन, baad mein "
            "call, phir call",
            "es": "volver a llamar, llamar mas tarde, llamar luego, llamar despues, llamar otro dia, llamar manana, "
            "devolver llamada, rellamar, rellamada",
            "cs": "zavolat pozdeji, zavolat znovu, zavolat zpet, volat pozdeji, volat znovu, zavolat jindy, zpetne "
            "volani, ozvat se pozdeji",
            "pl": "oddzwon*, zadzwonic pozniej, zadzwon pozniej, dzwonic pozniej, zadzwonic ponownie, ponowny kontakt, "
            "kontakt pozniej",
            "de": "ruckruf*, rueckruf*, spater anrufen, spaeter anrufen, zuruckrufen, zurueckrufen, wieder anrufen, "
            "erneut anrufen, wiedervorlage",
            "pt": "ligar depois, ligar mais tarde, ligar novamente, ligar outra hora, ligar de volta, retornar*, retorno",
            "fr": "rappel*, a rappeler, rappeler plus tard",
            "it": "richiam*",
        },
    ),
    "bought": (
        ("contact", "sale"),
        {
            "en": "sale, sale made, sale closed, sold, bought, purchase, purchased, ordered, order placed, deal won, deal"
            " closed, converted",
            "ru": "продажа, продано, продал, продали, купил*, куплено, покупка, оплатил*, оплачено, заказал*, заказ "
            "оформлен, оформил заказ, сделка закрыта",
            "uk": "продаж, продано, продали, купив, купила, купили, куплено, придбав, придбала, покупка, купівля, "
            "оплачено, оплатив, оплатила, "
            "замовив, замовила, замовлення оформлено",
            "hi": "बिक्री, बिक गया, बेचा, खरीदा, ख़रीदा, खरीद लिया, ख़रीद लिया, खरीदी, bikri, kharida",
            "es": "venta, vendido, vendida, venta cerrada, compra, compro, comprado, contratado, venta realizada",
            "cs": "prodej, prodano, prodej uzavren, koupil, koupila, koupeno, nakup, objednano, objednal, objednala",
            "pl": "sprzedaz, sprzedano, sprzedane, kupil, kupila, kupiono, zakup, zamowil, zamowila, zamowiono",
            "de": "verkauf, verkauft, gekauft, kauf, bestellt, abschluss, verkauf abgeschlossen",
            "pt": "venda, vendido, vendida, compra, comprou, comprado, venda realizada, venda fechada",
            "fr": "vente, vendu, achete, vente conclue",
            "it": "vendita, venduto, acquistato, comprato",
        },
    ),
    "interested": (
        ("contact",),
        {
            "en": "interested, intrested, interest, shows interest, hot lead, warm lead",
            "ru": "интерес*, заинтересов*",
            "uk": "цікав*, зацікав*, інтерес*",
            "hi": "रुचि, रूचि, इच्छुक, दिलचस्पी, ruchi, interested",
            "es": "interesad*, interesa, interes, le interesa",
            "cs": "zajem, zajmu, ma zajem, zajemce, projevil zajem",
            "pl": "zainteresowan*, zainteresowanie",
            "de": "interessiert, interesse, interessent*",
            "pt": "interessad*, interesse, tem interesse",
            "fr": "interesse, interessee, interet",
            "it": "interessat*, interesse",
        },
    ),
    "spoke": (
        ("contact",),
        {
            "en": "spoke, spoke to, spoke with, talked, contacted, appointment*, meeting*, consultation*, information "
            "given, info given",
            "ru": "разговор*, поговорил*, консультац*, встреча, встреча назначена",
            "uk": "розмова, розмовля*, поговорили, консультац*, зустріч",
            "hi": "बात हुई, बात हो गई, मीटिंग, अपॉइंटमेंट",
            "es": "contactado, hablado, cita, reunion, consulta",
            "cs": "schuzka, konzultace, kontaktovan, hovor probehl, informovan*",
            "pl": "spotkanie, konsultacja, rozmowa, umowion*",
            "de": "gesprochen, gesprach, gespraech, termin, beratung, terminiert",
            "pt": "contatado, contactado, conversou, reuniao, agendado",
            "fr": "rendez vous, entretien",
            "it": "appuntamento, colloquio",
        },
    ),
}
INTERESTED, NOT_INTERESTED = "interested", "does not want it"

# Before what follows within a few words they turn it round; of interest they make no interest, of the rest nothing is proposed.
NEGATIONS = frozenset(
    "not no non never none without isnt arent wasnt dont doesnt didnt cant wont lack lacks lost zero "
    "не ни нет без нету ні немає нема жодного nahi nahin नहीं न ना मत nunca sin ningun ninguna nada "
    "ne neni nema nemaji nejevi neprojevil zadny zadna bez nie brak nicht kein keine keinen ohne niemals "
    "nao nem sem nenhum nenhuma pas aucun aucune sans jamais nessun nessuna senza mai".split()
)
# Negations that follow what they turn round.
AFTERWARDS = frozenset("नहीं nahi nahin niet".split())
# Words that leave open whether it is so, or tell of something that is undone or another's: nothing is proposed then.
DOUBTS = (
    "unsuccess*, attempt*, wants, wanted, неуспеш*, неудач*, попыт*, неуспіш*, невдал*, спроб*, "
    "neuspes*, pokus*, nieuda*, prob*, erfolglos*, "
    "versuch*, fallid*, fracas*, intento*, tentativ*, असफल, कोशिश, "
    "maybe, perhaps, possibl*, potential*, probabl*, pending, almost, cancel*, failed, undecided, unsure, elsewhere, "
    "competitor*, already, "
    "refund*, returned, after, before, if, would, might, "
    "может, возможно, наверно*, вероятно, отмен*, возврат*, уже, другом, другой, конкурент*, подума*, если, после, "
    "можливо, мабуть, скасова*, поверн*, вже, іншому, інший, подума*, якщо, після, शायद, रद्द, पहले, "
    "quiza*, tal vez, posibl*, cancelad*, anulad*, devolucion*, ya, despues, mozna, snad, zrusen*, storno, jiz, uz, "
    "jinde, konkurenc*, rozmysl*, "
    "moze, anulowan*, zwrot*, juz, gdzie indziej, vielleicht, evtl, eventuell, storniert, bereits, schon, anderswo, "
    "talvez, possivel*, "
    "peut etre, annule*, deja, forse, annullat*, gia"
)

# The dialer's words for how a call ended -> our connect outcome; for all languages alike, and for few words only.
RESULTS: Mapping[str, str] = {
    "voicemail": "voicemail, voice mail, answering machine, machine, amd, mailbox, автоответчик, автовідповідач, contestador, "
    "zaznamnik, buzon",
    "no_answer": "no answer, noanswer, not answered, unanswered, no pick up, ring timeout, ring time out, no user response, нет "
    "ответа, не відповідає, "
    "немає відповіді, не ответил, sin respuesta, no contesta, neodpovida, nezvedl",
    "busy": "busy, user busy, line busy, занято, зайнято, ocupado, obsazeno, besetzt, zajete",
    "rejected": "reject*, declined, call rejected, отклонен*, відхилен*, rechazad*, odmitnut*",
    "canceled": "cancel*, canceled, completed elsewhere, call completed elsewhere, answered elsewhere, originator cancel, "
    "отменен*, скасован*, zrusen*, cancelad*",
    "unreachable": "unreachable, not reachable, switched off, out of coverage, out of service, no route, no route destination, "
    "subscriber absent, "
    "недоступен, недоступний, nedostupn*, apagado",
    "invalid_number": "invalid number, invalid number format, unallocated, unallocated number, number does not exist, "
    "unassigned, неверный номер, невірний номер",
    "failed": "fail*, error, congestion, network error, network out of order, chanunavail, сбой, ошибка, помилка",
    "blocked": "blocked, blacklist*, dnc, do not call, restricted, blacklisted",
    "abandoned": "abandon*, queue timeout, no agent, no agents, lost",
    "agent_unavailable": "agent unavailable, agent not available, agent no answer, agent busy",
}
