"""Reduces the catalogue of CasareRPA's node types to what this package's test needs: python3 casarerpa.py nodes.json > casarerpa.json.

Kept are the types that need nothing but the robot and its files (backends pure and file): names, ports, properties, actions."""
import json
import sys

KEPT = {"pure", "file"}


def ports(listed):
    return [{k: p[k] for k in ("name", "type", "required") if k in p} for p in listed]


def properties(listed):
    return [{k: p[k] for k in ("name", "type", "required", "default", "choices", "display_when") if k in p} for p in listed]


def reduced(t):
    out = {
        "type": t["type"], "aliases": t["aliases"], "category": t["category"], "backend": t["backend"],
        "exec_inputs": t["exec_inputs"], "exec_outputs": t["exec_outputs"],
        "inputs": ports(t["inputs"]), "outputs": ports(t["outputs"]), "properties": properties(t["properties"]),
    }
    if "actions" in t:
        out["actions"] = {name: {"inputs": ports(a["inputs"]), "outputs": ports(a["outputs"])} for name, a in t["actions"].items()}
    return out


with open(sys.argv[1], encoding="utf-8") as f:
    types = [reduced(t) for t in json.load(f) if t["backend"] in KEPT]
types.sort(key=lambda t: t["type"])
print("[\n" + ",\n".join(json.dumps(t) for t in types) + "\n]")
