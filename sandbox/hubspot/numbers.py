"""Phone numbers as HubSpot's search has them: national digits, without the country code."""

import phonenumbers


def national(written: str, country: str) -> str:
    """Two numbers of different countries may have the same: that is why HubSpot's search finds more than was meant."""
    try:
        return str(phonenumbers.national_significant_number(phonenumbers.parse(written, country)))
    except phonenumbers.NumberParseException:
        return digits(written)


def digits(written: str) -> str:
    return "".join(one for one in written if one.isdigit())
