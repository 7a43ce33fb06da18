"""Units of measurement: their spellings, dimensions and factors.

Factors to SI units are exact: of the SI brochure (BIPM, 9th edition, 2019) and of NIST Handbook 44,
appendix C, for customary units. Money has one dimension a currency: no rate is known.
"""

from dataclasses import dataclass
from fractions import Fraction

Dimension = tuple[tuple[str, int], ...]
"""Powers of base dimensions in alphabetical order: `(("length", 1), ("time", -1))`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        dimension: The powers of its base dimensions.
        factor: Its size in base units.
    """

    dimension: Dimension
    factor: Fraction

    def times(self, other: "Unit", power: int = 1) -> "Unit":
        """Returns the product of this unit and a power of another."""
        powers = dict(self.dimension)
        for name, exponent in other.dimension:
            powers[name] = powers.get(name, 0) + power * exponent
        dimension = tuple(sorted((name, p) for name, p in powers.items() if p))
        return Unit(dimension, self.factor * other.factor**power)


ONE = Unit((), Fraction(1))
PER_CENT = ("percent", "pct", "percentage", "percents")

# spellings: (dimension, factor)
_TABLE: dict[str, tuple[str, str]] = {
    "m meter meters metre metres": ("length", "1"),
    "km kilometer kilometers kilometre kilometres": ("length", "1000"),
    "dm decimeter decimeters decimetre decimetres": ("length", "1/10"),
    "cm centimeter centimeters centimetre centimetres": ("length", "1/100"),
    "mm millimeter millimeters millimetre millimetres": ("length", "1/1000"),
    "nm nanometer nanometers nanometre nanometres": ("length", "1/1000000000"),
    "in inch inches": ("length", "127/5000"),
    "ft foot feet": ("length", "381/1250"),
    "yd yds yard yards": ("length", "1143/1250"),
    "mi mile miles": ("length", "201168/125"),
    "g gram grams gramme grammes": ("mass", "1/1000"),
    "kg kilogram kilograms kilo kilos": ("mass", "1"),
    "mg milligram milligrams": ("mass", "1/1000000"),
    "tonne tonnes": ("mass", "1000"),
    "oz ounce ounces": ("mass", "45359237/1600000000"),
    "lb lbs pound pounds": ("mass", "45359237/100000000"),
    "ton tons": ("mass", "45359237/50000"),
    "s sec secs second seconds": ("time", "1"),
    "ms millisecond milliseconds": ("time", "1/1000"),
    "min mins minute minutes": ("time", "60"),
    "h hr hrs hour hours": ("time", "3600"),
    "day days": ("time", "86400"),
    "week weeks": ("time", "604800"),
    "month months": ("month", "1"),
    "year years yr yrs": ("month", "12"),
    "decade decades": ("month", "120"),
    "century centuries": ("month", "1200"),
    "l liter liters litre litres": ("volume", "1/1000"),
    "ml milliliter milliliters millilitre millilitres": ("volume", "1/1000000"),
    "gal gallon gallons": ("volume", "473176473/125000000000"),
    "qt quart quarts": ("volume", "473176473/500000000000"),
    "pt pint pints": ("volume", "473176473/1000000000000"),
    "acre acres": ("area", "316160658/78125"),
    "hectare hectares ha": ("area", "10000"),
    "mph": ("speed", "1397/3125"),
    "kph kmh": ("speed", "5/18"),
    "n newton newtons": ("force", "1"),
    "j joule joules": ("energy", "1"),
    "kj kilojoule kilojoules": ("energy", "1000"),
    "cal calorie calories": ("calorie", "1"),
    "kcal kilocalorie kilocalories": ("calorie", "1000"),
    "w watt watts": ("power", "1"),
    "kw kilowatt kilowatts": ("power", "1000"),
    "pa pascal pascals": ("pressure", "1"),
    "kpa kilopascal kilopascals": ("pressure", "1000"),
    "atm": ("pressure", "101325"),
    "hz hertz": ("frequency", "1"),
    "khz kilohertz": ("frequency", "1000"),
    "mhz megahertz": ("frequency", "1000000"),
    "v volt volts": ("voltage", "1"),
    "ohm ohms": ("resistance", "1"),
    "amp amps ampere amperes": ("current", "1"),
    "mol mole moles": ("amount", "1"),
    "kelvin kelvins": ("kelvin", "1"),
    "celsius": ("celsius", "1"),
    "fahrenheit": ("fahrenheit", "1"),
    "degree degrees deg": ("angle", "1"),
    "radian radians rad": ("radian", "1"),
    "dollar dollars usd buck bucks": ("dollar", "1"),
    "cent cents": ("dollar", "1/100"),
    "euro euros eur": ("euro", "1"),
    "pence penny": ("sterling", "1/100"),
    "gbp": ("sterling", "1"),
    "rupee rupees rs": ("rupee", "1"),
    "yen": ("yen", "1"),
    "yuan": ("yuan", "1"),
    "bit bits": ("information", "1"),
    "byte bytes": ("information", "8"),
    "unit units": ("unit", "1"),
}
# Compound dimensions in terms of length, mass and time, so that `mph` is `miles per hour`.
_DERIVED: dict[str, Dimension] = {
    "volume": (("length", 3),),
    "area": (("length", 2),),
    "speed": (("length", 1), ("time", -1)),
    "force": (("length", 1), ("mass", 1), ("time", -2)),
    "energy": (("length", 2), ("mass", 1), ("time", -2)),
    "power": (("length", 2), ("mass", 1), ("time", -3)),
    "pressure": (("length", -1), ("mass", 1), ("time", -2)),
    "frequency": (("time", -1),),
}
_UNITS = {
    spelling: Unit(_DERIVED.get(dimension, ((dimension, 1),)), Fraction(factor))
    for spellings, (dimension, factor) in _TABLE.items()
    for spelling in spellings.split()
}
DEGREE = _UNITS["degree"]
RADIAN = _UNITS["radian"]
CURRENCIES = {
    "$": _UNITS["dollar"],
    "\\$": _UNITS["dollar"],
    "€": _UNITS["euro"],
    "£": _UNITS["gbp"],
    "¥": _UNITS["yen"],
    "₹": _UNITS["rupee"],
}
TEMPERATURES = {"C": _UNITS["celsius"], "F": _UNITS["fahrenheit"]}


def unit(word: str) -> Unit | None:
    """Returns the unit that a word or symbol spells, or None.

    Single letters and symbols are case-sensitive where another case is another unit: `M` and `K`
    are scales, `N`, `J`, `W`, `V`, `L` are units as capitals.
    """
    if len(word) == 1 and word not in "mgshlNJWVL":
        return None
    return _UNITS.get(word.lower())
