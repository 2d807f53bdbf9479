#!/usr/bin/env python3
"""Puts the goals of the last benchmark, build/bench.json, into README.md as a table, between its two marks."""
import json
import re


def goal(compared):
    wanted = f"≥ {compared['at_least']:.2f}" if "at_least" in compared else f"≤ {compared['at_most']:.2f}"
    return f"{wanted} {'met' if compared['met'] else 'missed'}"


def lines(run):
    figures = {row["row"]: row["text"] for row in run["rows"]}
    yield "| | figure | held against | | ratio | goal |"
    yield "| --- | ---: | --- | ---: | ---: | --- |"
    for row in run["rows"]:
        for compared in row["compared"]:
            if "met" in compared:
                of = compared["of"]
                yield (f"| {row['row']} | {row['text']} | {of} | {figures.get(of, '')} | {compared['ratio']:.2f} "
                       f"| {goal(compared)} |")
    yield ""
    yield (f"{run['orders']:,} orders, {run['events']:,} events, {run['cores']} cores, medians of "
           f"{len(run['rows'][0]['rounds'])} rounds. {run['note']} Not measured: "
           f"{', '.join(absent['peer'] for absent in run['not_measured'])}.")


def main():
    with open("build/bench.json", encoding="utf-8") as file:
        table = "\n".join(lines(json.load(file)))
    with open("README.md", encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"(from here -->\n).*?(<!-- to here)", lambda mark: mark[1] + table + "\n" + mark[2], text, flags=re.S)
    with open("README.md", "w", encoding="utf-8") as file:
        file.write(text)


main()
