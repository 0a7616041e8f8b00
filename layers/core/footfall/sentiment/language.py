"""Which language a text is in, well enough to say whether the weights can read it."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable

ENGLISH, UNKNOWN, NO_LANGUAGE = "en", "und", "zxx"
"""ISO 639's codes, also those for a language that cannot be told and for what is none, such as `5/5!!`."""
COMMON_WORDS: dict[str, str] = {
    ENGLISH: (
        "the and is was are were be been it its it's i i'm my me we you your he she they them this that these those"
        " there here to of for with from at by as an a in on not no don't doesn't didn't isn't can't won't but or if so"
        " very too just would could should will can have has had do does did what when where which who how why all any"
        " some more most than then out up about after before again because only really never always good great love"
        " nice bad please thank thanks order shop site delivery item ordered arrived product works work quality price"
    ),
    "de": (
        "der die das und ist war sind nicht ich mir mich wir sie ihr es ein eine einen einem einer kein keine mit von"
        " für auf aus bei nach über zu zum zur den dem des im am auch aber oder wie was wenn noch nur sehr schon hat"
        " habe haben wird werden wurde kann als so dass gut gute super leider alles immer wieder schnell schnelle"
        " lieferung bestellung danke ware toll sein sich diese dieser bitte mehr"
    ),
    "fr": (
        "le la les un une des du de et est était sont ne pas je me nous vous il elle ils elles ce cette ces mon ma mes"
        " votre vos son sa ses avec pour dans sur par plus très trop mais ou où que qui quoi comme tout tous bien bon"
        " bonne merci livraison commande produit rapide jamais au aux j'ai c'est n'est l'article a été être fait"
        " cela sans entre doit peut"
    ),
    "es": (
        "el la los las un una unos unas de del y es era son no yo me nos se lo le su sus mi mis que qué con para por en"
        " al muy más pero o como todo todos bien bueno buena gracias pedido envío producto rápido nunca está están ha"
        " he han fue ser este esta esto estos sin ya también cuando llegó debe puede"
    ),
    "it": (
        "il lo la gli le un uno una di del della dei delle e è era sono non io mi ci si che con per in nel nella al"
        " alla da dal molto più ma o come tutto tutti bene buono buona ottimo ottima grazie ordine consegna prodotto"
        " veloce mai ho hai ha hanno questo questa questi anche stato essere deve può dell'ordine i"
    ),
    "pt": (
        "o os as um uma de do da dos das e é era são não eu me nos se que com para por em no na nos nas ao à muito mais"
        " mas ou como tudo todos bem bom boa ótimo obrigado obrigada pedido entrega produto rápido nunca está estão foi"
        " ser este esta isso seu sua também já sem chegou deve pode você"
    ),
    "nl": (
        "de het een en is was zijn niet ik mij me we wij je jij u zij ze hij dit dat deze die met voor van op aan bij"
        " naar uit om te ook maar of als wat wanneer nog heel erg veel meer al goed goede snel snelle levering"
        " bestelling bedankt mooi er hebben heb heeft wordt worden werd kan geen moet zich uw"
    ),
    "sv": (
        "och är var det den en ett inte jag mig vi du ni han hon de dem med för av på till från om att som men eller"
        " när så mycket mer bra snabb leverans tack har hade kan ska blir blev alla detta denna vid inom måste får"
    ),
    "da": (
        "og er var det den en et ikke jeg mig vi du i han hun de dem med for af på til fra om at som men eller når så"
        " meget mere god godt hurtig levering tak har havde kan skal bliver blev alle dette denne ved skal må din"
    ),
    "no": (
        "og er var det den en et ei ikke jeg meg vi du dere han hun de dem med for av på til fra om at som men eller"
        " når så veldig mer bra god rask levering takk har hadde kan skal blir ble alle dette denne ved må din"
    ),
    "fi": (
        "ja on oli ei en se ne tämä että minä me te he mutta tai kun jos niin myös vain hyvin hyvä kiitos nopea"
        " toimitus tuote tilaus ovat olla ole voi joka mitä kaikki vielä tämän täytyy kuin"
    ),
    "pl": (
        "i w we na z ze do nie to jest są był była było się że ja mi my wy on ona oni ten ta te co jak ale lub czy gdy"
        " bardzo już tylko dla po od przez polecam dobry dobra dziękuję szybka dostawa zamówienie produkt może musi być"
    ),
    "cs": (
        "a v ve na z ze do ne není to je jsou byl byla bylo se si že já mi my vy on ona ten ta co jak ale nebo když"
        " velmi už jen pro po od dobrý dobré děkuji rychlé dodání objednávka zboží být musí může"
    ),
    "tr": (
        "ve bir bu şu o da de ben biz siz çok daha ama veya için ile gibi kadar değil var yok iyi güzel teşekkürler"
        " hızlı kargo ürün sipariş olan olarak en her ne mi olmalı lütfen"
    ),
    "ro": (
        "și si este era sunt nu eu mă ne vă el ea ei un o de la cu pentru din pe în care că mai dar sau foarte bun bună"
        " bine mulțumesc livrare comanda produs rapid am are au fost acest această trebuie poate fi"
    ),
    "hu": (
        "a az és egy nem van volt vagyok én te ő mi ti ők ez hogy de vagy mint nagyon csak még már is jó köszönöm gyors"
        " szállítás rendelés termék kell lehet meg ha minden"
    ),
    "id": (
        "dan yang di ke dari ini itu tidak saya kami kita anda dia mereka dengan untuk pada adalah sudah belum bisa"
        " sangat baik bagus terima kasih cepat pengiriman barang produk pesanan akan ada atau harus"
    ),
}
WRITTEN_IN = {
    "GREEK": "el",
    "HEBREW": "he",
    "THAI": "th",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "CYRILLIC": "und-Cyrl",
    "ARABIC": "und-Arab",
    "DEVANAGARI": "und-Deva",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "LATIN": "",
    "FULLWIDTH": "",
}
"""The language of a script, or its tag (BCP 47) where several use it; nothing for the one that most use."""
CONTENT_WORD = 0.5
"""What an English word of the weights or the lexicon tells: less than one that nearly every sentence has."""
LEAST_ENGLISH = 0.25
"""So much, at least, each word of a text in English tells of it in the mean."""


def _weigh_common_words() -> dict[str, dict[str, float]]:
    languages: dict[str, list[str]] = {}
    for language, words in COMMON_WORDS.items():
        for word in dict.fromkeys(words.split()):
            languages.setdefault(word, []).append(language)
    return {word: dict.fromkeys(several, 1 / len(several)) for word, several in languages.items()}


WEIGHED = _weigh_common_words()


def language_of(words: list[str], is_english: Callable[[str], bool]) -> str:
    """Returns the language of a text's words, `und…` when it cannot be told, `zxx` when there are none.

    `is_english` says whether a word that is common in no language is known as an English one.
    """
    spoken = [word for word in words if word not in "!?"]
    if not spoken:
        return NO_LANGUAGE
    script = _script(spoken)
    return _of_latin(spoken, is_english) if script == "LATIN" else WRITTEN_IN.get(script, UNKNOWN) or UNKNOWN


def _script(words: list[str]) -> str:
    letters = Counter(_script_of(letter) for word in words for letter in word)
    if letters["HIRAGANA"] + letters["KATAKANA"] > letters.total() / 10:
        return "HIRAGANA"
    return letters.most_common(1)[0][0]


def _script_of(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "").partition(" ")[0]


def _of_latin(words: list[str], is_english: Callable[[str], bool]) -> str:
    told: defaultdict[str, float] = defaultdict(float)
    for word in words:
        for language, weight in _told_by(word, is_english).items():
            told[language] += weight
    language = max(told, key=lambda each: told[each], default=UNKNOWN)
    enough = language != ENGLISH or told[ENGLISH] >= LEAST_ENGLISH * len(words)
    return language if enough else UNKNOWN


def _told_by(word: str, is_english: Callable[[str], bool]) -> dict[str, float]:
    if word in WEIGHED:
        return WEIGHED[word]
    if word.isascii():
        return {ENGLISH: CONTENT_WORD} if is_english(word) else {}
    return {ENGLISH: -CONTENT_WORD}
