"""Compares the outputs of one fleet: JSON, CSV and the screen.

Usage: same_figures.py FOLDER, with these files in it:
  lines.jsonl                  JSON, as vtop --json writes it
  TABLE.csv                    CSV, as vtop --csv TABLE writes it
  screen-TABLE.json            cells of a screen, as a list of lines
  drawn                        the time of the sample that the screens show, as a JSON string
Prints how many values it compared; ends with 1 and a message at the first difference.
"""

import csv
import json
import pathlib
import re
import sys

# Headings of a table on the screen, with the key of the figure.
DOMAINS = {
    "CPU%": "cpu_percent", "ST%": "steal_percent", "RD/s": "disk_read_bytes_per_second",
    "WR/s": "disk_write_bytes_per_second", "LAT": "disk_worst_latency_nanoseconds",
    "RX/s": "net_rx_bytes_per_second", "TX/s": "net_tx_bytes_per_second", "RXPK": "net_rx_packets_per_second",
    "TXPK": "net_tx_packets_per_second", "DROP": "net_drops_per_second", "SWIN": "swap_in_bytes_per_second",
    "RSS": "memory_rss_bytes", "USR%": "cpu_user_percent", "SYS%": "cpu_system_percent", "vCPU": "vcpu_count",
}
DISKS = {
    "RD/s": "read_bytes_per_second", "WR/s": "write_bytes_per_second", "RDOPS": "read_requests_per_second",
    "WROPS": "write_requests_per_second", "FLUSH": "flushes_per_second", "RDLAT": "read_latency_nanoseconds",
    "WRLAT": "write_latency_nanoseconds", "FLLAT": "flush_latency_nanoseconds", "QUEUE": "in_flight_count",
    "ERRS": "errors_per_second",
}
NICS = {
    "RX/s": "rx_bytes_per_second", "TX/s": "tx_bytes_per_second", "RXPK": "rx_packets_per_second",
    "TXPK": "tx_packets_per_second", "RXDROP": "rx_drops_per_second", "TXDROP": "tx_drops_per_second",
    "RXERR": "rx_errors_per_second", "TXERR": "tx_errors_per_second",
}
VCPUS = {"USE%": "use_percent", "STEAL%": "steal_percent", "WAIT%": "wait_percent"}

counts = {}


def count(what):
    counts[what] = counts.get(what, 0) + 1


def fail(message):
    sys.exit(message)


# --- CSV and JSON ---


def leaves(value, path=""):
    """The values of a JSON object by their paths, without lists of objects."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, f"{path}{key}.")
        elif not (isinstance(inner, list) and any(isinstance(item, dict) for item in inner)):
            yield f"{path}{key}", inner


def equal(text, value):
    if value is None or value == []:
        return text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, list):
        return text == " ".join(value)
    if isinstance(value, int):
        return text != "" and int(text) == value
    if isinstance(value, float):
        return text != "" and float(text) == value
    return text == value


def compare_rows(table, rows, expected):
    """Each row of CSV has the values of its JSON object, and each value of the object is in the row."""
    if len(rows) != len(expected):
        fail(f"{table}: {len(rows)} rows in CSV, {len(expected)} in JSON")
    for row, values in zip(rows, expected):
        if None in row or None in row.values():
            fail(f"{table}: a row with too many or too few values: {row}")
        absent = {key.split(".")[0] for key, value in values.items() if value is None}
        for heading, text in row.items():
            # An object that is null has no values.
            known = heading in values or heading.split(".")[0] in absent
            if not known:
                fail(f"{table}: {heading} is not in JSON")
            if not equal(text, values.get(heading)):
                fail(f"{table}: {heading} is {text!r} in CSV and {values.get(heading)!r} in JSON: {row}")
            count(f"csv {table}")
        for key in values:
            if key not in row and not any(heading.startswith(f"{key}.") for heading in row):
                # Lists that are empty, or null, have tables of their own or are in JSON only.
                if values[key] not in ([], None):
                    fail(f"{table}: {key} is not in CSV")


def renamed(values, names):
    return {names.get(key, key): value for key, value in values.items() if names.get(key, key) is not None}


def of_domain(line, domain):
    return {"time": line["time"], "host": line["host"]["hostname"], "uuid": domain["uuid"], "domain": domain["name"]}


def expected_rows(table, lines):
    for line in lines:
        host = {"time": line["time"], "host": line["host"]["hostname"]}
        if table == "events":
            for event in line["events"]:
                yield {"host": host["host"], **renamed(event, {"name": "domain"})}
        elif line["domains"] is None:
            continue
        elif table == "host":
            figures = renamed(dict(leaves(line["host"])), {"hostname": None})
            yield {**host, "elapsed_seconds": line["elapsed_seconds"], **figures}
        else:
            for domain in line["domains"]:
                if table == "domains":
                    figures = renamed(dict(leaves(domain)), {"name": "domain"})
                    yield {**of_domain(line, domain), **figures}
                    continue
                for device in domain[table]:
                    kind = table[:-1]
                    figures = renamed(dict(leaves(device)), {"name": kind, "number": kind})
                    yield {**of_domain(line, domain), **figures}


# --- The screen ---


def words(cells):
    """The words of a line, with their first column and the one past their last."""
    found = []
    for column, cell in enumerate(cells):
        if cell.strip() == "":
            continue
        if found and found[-1][2] == column:
            text, first, _ = found[-1]
            found[-1] = (text + cell, first, column + 1)
        else:
            found.append((cell, column, column + 1))
    return found


def heading(word):
    return word.strip("▾▴")


def parse(text):
    """The number that a text stands for, and the half of the last digit's place; None for an unknown one."""
    if text in ("–", ""):
        return None
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?(e\d+)?(ns|µs|ms|s|[KMGTP]|k)?%?", text)
    if not match:
        fail(f"the screen has {text!r}, which is no figure")
    whole, fraction, exponent, unit = match.groups()
    digits = float(f"{whole}.{fraction or 0}{exponent or ''}")
    step = 10.0 ** -len(fraction or "") * (float("1" + exponent) if exponent else 1)
    return digits, step / 2, unit


BINARY = {None: 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
DECIMAL = {None: 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
TIMES = {"ns": 1, "µs": 10**3, "ms": 10**6, "s": 10**9}


def compare_figure(where, key, text, value):
    shown = parse(text)
    if (shown is None) != (value is None):
        fail(f"{where}: the screen has {text!r}, JSON has {key} {value!r}")
    if shown is None:
        count(f"screen {where[0]} unknown")
        return
    units = TIMES if key.endswith("_nanoseconds") else BINARY if "_bytes" in key else DECIMAL
    digits, half, unit = shown
    if abs(digits * units[unit] - value) > half * units[unit] * (1 + 1e-9):
        fail(f"{where}: the screen has {text!r}, JSON has {key} {value!r}")
    count(f"screen {where[0]}")


def printable(name):
    """The begin of a name as far as the screen shows it unchanged, without spaces."""
    return "".join(re.split(r"[\x00-\x1f\x7f]", name.strip())[0].split())


def find(items, text, name):
    """The item whose name the text begins with."""
    fitting = [item for item in items if printable(name(item)) and text.startswith(printable(name(item)))]
    return max(fitting, key=lambda item: len(printable(name(item))), default=None)


def screen_rows(lines, titles):
    """The headings of a table by title, and the lines below them."""
    for number, line in enumerate(lines):
        headings = {heading(text): (first, end) for text, first, end in words(line)}
        if all(title in headings for title in titles):
            return headings, lines[number + 1:]
    fail(f"no table with {sorted(titles)}: {''.join(lines[3])}")


def cell(line, headings, title):
    """The word that ends where the heading of a right-aligned column does."""
    end = headings[title][1]
    return next((text for text, _, last in words(line) if last == end), "")


def text_between(line, first, end):
    return "".join("".join(line[first:end]).split())


def compare_domains(lines, domains):
    headings, rows = screen_rows(lines, DOMAINS.keys() | {"NAME"})
    seen = set()
    for line in rows:
        text = text_between(line, headings["NAME"][0], headings["CPU%"][0] - 4)
        domain = find(domains, text, lambda domain: domain["name"])
        if domain is None or domain["uuid"] in seen:
            continue
        seen.add(domain["uuid"])
        if domain["state"] in ("shut off", "crashed"):
            continue
        for title, key in DOMAINS.items():
            compare_figure(("domains", domain["name"], title), key, cell(line, headings, title), domain[key])
        memory = cell(line, headings, "MEMORY").split("/")
        for key, text in zip(("memory_used_bytes", "memory_given_bytes"), memory, strict=True):
            compare_figure(("domains", domain["name"], "MEMORY"), key, text, domain[key])
        requests = [domain[f"disk_{kind}_requests_per_second"] for kind in ("read", "write")]
        known = [number for number in requests if number is not None]
        sum_of_requests = sum(known) if known else None
        where = ("domains", domain["name"], "IOPS")
        compare_figure(where, "requests_per_second", cell(line, headings, "IOPS"), sum_of_requests)
    missing = {domain["name"] for domain in domains if domain["uuid"] not in seen}
    if missing:
        fail(f"not on the screen of domains: {missing}")


def compare_devices(table, title, titles, lines, domains):
    headings, rows = screen_rows(lines, titles.keys() | {"DOMAIN", title})
    for line in rows:
        text = text_between(line, headings["DOMAIN"][0], headings[title][0] - 1)
        domain = find(domains, text, lambda domain: domain["name"])
        if domain is None:
            continue
        # A mark stands before the name of a device.
        name = next(text for text, first, _ in words(line) if first >= headings[title][0] - 1).lstrip("▲△")
        devices = [device for device in domain[table] if str(device.get("name", device.get("number"))) == name]
        if len(devices) != 1:
            fail(f"{table}: {name!r} of {domain['name']!r} is not in JSON")
        if reason := devices[0].get("reason"):
            if reason not in "".join(line):
                fail(f"{table}: {name!r} of {domain['name']!r} does not say {reason!r}")
            continue
        for heading_text, key in titles.items():
            where = (table, domain["name"], name, heading_text)
            compare_figure(where, key, cell(line, headings, heading_text), devices[0][key])


def compare_host(lines, line):
    text = "\n".join("".join(cells) for cells in lines[:3])
    host = line["host"]
    for pattern, key in [
        (r"CPU +([\d.]+)%", "cpu_percent"),
        (r"iowait ([\d.]+)%", "iowait_percent"),
        (r"MEM (\S+)/", "memory_used_bytes"),
        (r"DISK r *(\S+) ", "disk_read_bytes_per_second"),
        (r"DISK r *\S+ w *(\S+) ", "disk_write_bytes_per_second"),
        (r"(\S+) IOPS", "disk_requests_per_second"),
        (r"↓ *(\S+) ", "net_rx_bytes_per_second"),
        (r"↑ *(\S+) ", "net_tx_bytes_per_second"),
    ]:
        match = re.search(pattern, text)
        if not match:
            fail(f"the lines of the host have no {key}: {text}")
        compare_figure(("host", key), key, match.group(1), host[key])
    match = re.search(r"(\d+) domains (\d+) running", text)
    running = sum(domain["state"] == "running" for domain in line["domains"])
    if not match or match.groups() != (str(len(line["domains"])), str(running)):
        fail(f"{len(line['domains'])} domains, {running} running in JSON: {text}")


def main():
    folder = pathlib.Path(sys.argv[1])
    lines = [json.loads(text) for text in (folder / "lines.jsonl").read_text().splitlines()]
    for table in ("domains", "disks", "nics", "vcpus", "host", "events"):
        with open(folder / f"{table}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        compare_rows(table, rows, list(expected_rows(table, lines)))
    drawn = json.loads((folder / "drawn").read_text())
    line = next(line for line in lines if line["time"] == drawn)
    screens = {path.stem.split("-")[1]: json.loads(path.read_text()) for path in folder.glob("screen-*.json")}
    compare_host(screens["domains"], line)
    compare_domains(screens["domains"], line["domains"])
    compare_devices("disks", "DISK", DISKS, screens["disks"], line["domains"])
    compare_devices("nics", "NIC", NICS, screens["nics"], line["domains"])
    compare_devices("vcpus", "vCPU", VCPUS, screens["vcpus"], line["domains"])
    print(json.dumps(counts))


main()
