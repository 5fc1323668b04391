"""How a text of the settings is a value of a CRM's field, where several kinds of CRM have such a field. Pure."""


def parts(text: str) -> list[str]:
    """Of a field that takes several: they stand with commas between them."""
    return [one.strip() for one in text.split(",") if one.strip()]


def ordered(text: str) -> str:
    """Several values as they are read: in one order."""
    return ",".join(sorted(parts(text))) if "," in text else text


def truth(text: str) -> bool:
    """Raises ValueError."""
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"
