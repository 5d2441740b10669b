"""Records what CPython's datetime does with many inputs, for the tests of the package above: python3 record.py > python.json

C locale, TZ as each section says. Needs zoneinfo's data for the zones."""
import json, os, random, sys, time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

rng = random.Random(int(os.environ.get("SEED", "20240315")))
N = int(os.environ.get("CASES", "700"))


def attempt(f):
    try:
        return f()
    except Exception as e:  # what matters is that it fails, and with which exception
        return {"error": type(e).__name__}


def zone(name):
    os.environ["TZ"] = name
    time.tzset()


zone("UTC")


def some_date():
    year = rng.choice([1, 4, 99, 999, 1000, 1582, 1899, 1900, 1904, 1969, 1970, 1999, 2000, 2020, 2023, 2024, 2025, 2100, 9999])
    return datetime(year, rng.randint(1, 12), rng.randint(1, 28), rng.choice([0, 1, 9, 11, 12, 13, 23]), rng.randint(0, 59),
                    rng.randint(0, 59), rng.choice([0, 0, 1, 250000, 999999]))


def some_zone():
    return rng.choice([None, None, None, timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8)),
                       timezone(timedelta(hours=1, minutes=2, seconds=3)),
                       timezone(-timedelta(hours=1, minutes=2, seconds=3, microseconds=45))])


iso = ["2024-03-15", "2024-03-15T14:30:45", "2024-03-15 14:30:45.25", "2024-03-15T14:30:45,123456789", "20240315", "20240315T143045",
       "20240315T1430", "20240315T14", "2024-W11", "2024W11", "2024-W11-5", "2024W115", "2024W11510", "2024W1110", "2024-W11-10",
       "2024-W11-5T10", "2020-W53", "2021-W53", "2024-W00", "2024-W11-8", "2024-03-15T14:30+02:00", "2024-03-15T14:30Z", "2024-03-15T14:30z",
       "2024-03-15T14:30+0200", "2024-03-15T14:30-02", "2024-03-15T14:30+02:00:30.5", "2024-03-15T14:30+24:00", "2024-03-15T14:30+23:59:59.999999",
       "2024-03-15T24:00", "2024-03-15T14:60", "2024-03-15T14:30:60", "2024-13-01", "2024-02-30", "2023-02-29", "0000-01-01", "0001-01-01",
       "9999-12-31T23:59:59.999999", "10000-01-01", "2024-3-15", "2024-03-15T", "2024-03-15Tx", "2024-03-15T1", "2024-03-15T14:3", "2024-03-15T14:30:",
       "2024-03-15T14:30:45.", "2024-03-15T1430:45", "2024-03-15T14:3045", "2024-03-15x14:30", "2024-03-15é14:30", "2024-03-15東14:30",
       "2024-03-15😀14:30", "", "now", "2024", "2024-03", "202403", "2024-075", "2024075", "２０２４-03-15", "-2024-03-15", "2024-03-15T14:30+", "2024-03-15T-05:00",
       "2024-03-15T14-05", "2024-03-15TZ", "2024-03-15ZZ", "2024-03-15T14:30+00:00", "2024-03-15T14:30-00:00", "2024-03-15+02:00"]
letters = "0123456789-:T+Z.W ,x"
while len(iso) < N:
    text = rng.choice(iso[:60])
    if rng.random() < 0.4:
        d = some_date().replace(tzinfo=some_zone())
        text = d.isoformat(timespec=rng.choice(["auto", "hours", "minutes", "seconds", "milliseconds"]), sep=rng.choice("T -x9"))
    for _ in range(rng.randint(0, 3)):
        at = rng.randint(0, len(text))
        text = rng.choice([text[:at] + rng.choice(letters) + text[at:], text[:at] + text[at + 1:], text[:at] + rng.choice(letters) + text[at + 1:],
                           text[:at]])
    iso.append(text)

directives = "aAbBcCdDeFgGhHIjklmMnprRStTuUVwWxXyYzZfPsQ%EON+:"
plain = ["-", "/", " ", ":", "T", "é", "Week "]


def strftime_format(sure):
    parts = []
    for _ in range(rng.randint(1, 4)):
        part = "%"
        if not sure:
            part += "".join(rng.choice("_-0^#") for _ in range(rng.choice([0, 0, 0, 1, 1, 2])))
            part += rng.choice(["", "", "", "1", "2", "3", "5", "10"])
            part += rng.choice(["", "", "", "", "E", "O"])
        letter = rng.choice(directives)
        if part != "%":
            while letter in "zZfEON+:":  # with a flag these are C's, which knows nothing of datetime
                letter = rng.choice(directives)
        parts.append(part + letter + rng.choice(plain + [""]))
    return "".join(parts)


formats = ["%" + c for c in directives] + ["", "%", "100%", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%A, %d. %B %Y", "%I:%M %p", "%G-W%V-%u", "%j/%U/%W", "%%Y", "%%%Y",
                                          "%5", "%-", "%E", "%1000d", "%5000d", "%-d", "%#d", "%_H", "%^B", "%e|%k|%l", "日%d", "%日"]
strftime = []
for f in formats:
    for d in [datetime(2024, 3, 5, 4, 7, 9), datetime(2024, 12, 30, 23, 59, 59, 999999, timezone(timedelta(hours=-3, minutes=-30))), datetime(99, 1, 1, 0, 0)]:
        strftime.append((d, f))
for i in range(N):
    strftime.append((some_date().replace(tzinfo=some_zone()), strftime_format(i % 2 == 0)))
for y in range(1999, 2029):  # weeks at the ends of years
    for m, day in [(1, 1), (1, 3), (1, 4), (2, 29 if y % 4 == 0 else 28), (12, 28), (12, 31)]:
        strftime.append((datetime(y, m, day), "%U %W %V %G %g %j %u %w %a"))

parsable = "aAbBcdfGHIjmMpSuUVwWxXyYzZ%"
strptime = [("March 5, 2024", "%B %d, %Y"), ("03:04 PM", "%I:%M %p"), ("12:00 am", "%I:%M %p"), ("2024-075", "%Y-%j"), ("2024-366", "%Y-%j"), ("2023-366", "%Y-%j"),
            ("29 Feb", "%d %b"), ("2024 Feb 29", "%Y %b %d"), ("15.03.2024", "%Y"), ("2024-03-15 extra", "%Y-%m-%d"), ("2024-W11-5", "%G-W%V-%u"), ("2024-W11", "%G-W%V"),
            ("2024 11 5", "%Y %V %u"), ("2024 11 Fri", "%Y %U %a"), ("2024 0 Sun", "%Y %W %a"), ("2024 00 Mon", "%Y %W %a"), ("2024 53 6", "%Y %U %w"), ("0001 00 1", "%Y %W %w"),
            ("+0530", "%z"), ("-05:30:15.25", "%z"), ("+05:3015", "%z"), ("Z", "%z"), ("z", "%z"), ("+9900", "%z"), ("UTC", "%Z"), ("gmt +01:00", "%Z %z"), ("CET", "%Z"),
            ("68 69", "%y %m"), ("68", "%y"), ("69", "%y"), ("60", "%S"), ("61", "%S"), ("62", "%S"), ("24", "%H"), ("1", "%H"), ("0000", "%Y"), ("２０２４", "%Y"), ("٣", "%d"),
            ("1.5", "%S.%f"), ("1.1234567", "%S.%f"), ("  5", "%d"), (" 5", "%d"), ("5  6", "%d %m"), ("5\u00a06", "%d %m"), ("56", "%d %m"), ("5", "%Q"), ("5", "%"), ("5", "%d%"), ("5 5", "%d %d"),
            ("100%", "100%%"), ("a.b", "a.b"), ("axb", "a.b"), ("A.B", "a.b"), ("", ""), ("x", ""), ("Fri Mar 15 14:30:45 2024", "%c"), ("Fri Mar  5 14:30:45 2024", "%c"), ("03/15/24", "%x"), ("14:30:45", "%X"),
            ("Fri Mar 15 14:30:45 2024", "%c %Y"), ("sEPT", "%B"), ("sePTember", "%B"), ("MAY", "%b"), ("may", "%B"), ("PM 1", "%p %I"), ("13 PM", "%H %p"), ("0", "%I"), ("31 4", "%d %m"), ("1 2 3", "%d%n%m"),
            ("20240315", "%Y%m%d"), ("2024111", "%Y%m%d"), ("111", "%d%m"), ("1111", "%H%M%S"), ("235", "%d%m"), ("31/02/2024", "%d/%m/%Y"), ("\u2003x\n", "\u2003x "), ("5\t", "%d "), ("İ", "i"), ("ſ", "s"), ("K", "k"),
            ("9999 53 6", "%G %V %w"), ("2020 53 Sun", "%G %V %A"), ("2021 53 Sun", "%G %V %A"), ("2024 100 2024", "%G %j %Y"), ("2024 100", "%G %j"), ("99999", "%f"), ("x%", "x%%"), ("%", "%%"), ("a", "[a]"), ("[a]", "[a]"), ("(", "("), ("a|b", "a|b")]
for _ in range(N):
    d = some_date().replace(tzinfo=some_zone())
    f = "".join("%" + c + rng.choice(["-", " ", ":", "/", "", ", "]) for c in rng.sample(parsable, rng.randint(1, 6)))
    text = d.strftime(f)
    if rng.random() < 0.3 and text:
        at = rng.randint(0, len(text))
        text = rng.choice([text[:at] + rng.choice("0123456789 -:AM") + text[at:], text[:at] + text[at + 1:], text.upper(), text.replace("0", "")])
    strptime.append((text, f))


def parsed(text, f):
    d = datetime.strptime(text, f)
    return [d.isoformat(), d.tzname() or ""]


stamps = []
for name in ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "Asia/Kolkata"]:
    zone(name)
    seconds = [0, 0.5, -1, -0.5, 1e9, 1710513045.5, 1710513045.1234565, 0.0000005, 0.0000015, 1e-7, -1e-7, 2 ** 31, 253402300799, 253402300800, -62135596800, -62135596801, 1e15, -1e15, 1e30, True, 3.999999999]
    for year in (1972, 1990, 2023):
        base = datetime(year, 1, 1, tzinfo=timezone.utc).timestamp()
        seconds += [base + rng.randint(0, 366 * 86400) for _ in range(8)]
    for y, m, d in [(2023, 3, 26), (2023, 10, 29), (2023, 3, 12), (2023, 11, 5), (2023, 4, 1), (2023, 4, 2), (2023, 10, 1), (1972, 1, 7)]:
        base = int(datetime(y, m, d, tzinfo=timezone.utc).timestamp())
        seconds += [base + 1800 * k for k in range(-30, 31, 1)][::2]
    for s in seconds:
        stamps.append([name, s, attempt(lambda: [(d := datetime.fromtimestamp(s)).isoformat(), d.fold, d.timestamp()])])
    for text in ["2023-03-26T02:30:00", "2023-10-29T02:30:00", "2023-03-12T02:30:00", "2023-11-05T01:30:00", "2023-10-01T02:15:00", "2023-04-02T01:45:00", "1972-01-07T00:20:00",
                 "0001-01-01T00:00:00", "0001-01-02T12:00:00", "9999-12-31T23:59:59.999999", "9999-12-30T00:00:00", "2024-03-15T14:30:45.123456", "1900-01-01T15:04:00"]:
        stamps.append([name, text, attempt(lambda: datetime.fromisoformat(text).timestamp())])
zone("UTC")

zones = []
for name in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati", "Africa/Casablanca", "GMT", "Etc/GMT+5", "EST5EDT"]:
    for s in [0, 1e9, 1710513045.25, 1720000000, 1698541200, 1698544800]:
        d = datetime.fromtimestamp(s, ZoneInfo(name))
        zones.append([name, s, d.isoformat(), d.strftime("%Z %z %A"), d.timestamp()])

adds = []
for _ in range(200):
    d = some_date().replace(tzinfo=some_zone())
    by = [rng.choice([0, 1, -1, 30, -365, 10 ** 6, -10 ** 6, 10 ** 9, rng.randint(-9000, 9000)]), rng.randint(-50, 50), rng.randint(-5000, 5000), rng.randint(-10 ** 6, 10 ** 6)]
    adds.append([d.isoformat(), by, attempt(lambda: (d + timedelta(days=by[0], hours=by[1], minutes=by[2], seconds=by[3])).isoformat())])

json.dump({
    "python": sys.version.split()[0],
    "iso": [[t, attempt(lambda: datetime.fromisoformat(t).isoformat())] for t in iso],
    "strftime": [[d.isoformat(), f, attempt(lambda: d.strftime(f))] for d, f in strftime],
    "strptime": [[t, f, attempt(lambda: parsed(t, f))] for t, f in strptime],
    "stamps": stamps, "zones": zones, "adds": adds,
}, sys.stdout, ensure_ascii=False, indent=0, separators=(",", ":"))
