"""Colours and type of the drawings: one style sheet that follows the reader's light or dark theme."""

from __future__ import annotations

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"

# role: (light, dark). Checked for contrast of at least 4.5 between text and the card it stands on.
COLOURS = {
    "paper": ("#ffffff", "#15181d"),
    "ink": ("#1b1f24", "#e8eaed"),
    "soft": ("#57606a", "#a6afb9"),
    "line": ("#6b7680", "#8b96a2"),
    "card": ("#f4f6f8", "#232931"),
    "output": ("#fff2cc", "#4a3c10"),
    "parameter": ("#dbeafe", "#173a63"),
    "leaf": ("#dcf5e3", "#153f28"),
    "custom": ("#f1e6fb", "#3c2a52"),
    "folded": ("#e6e9ed", "#303842"),
    "alarm": ("#b3261e", "#ff9d94"),
    "here": ("#c2410c", "#ffb077"),
}

RULES = """text{font-family:FONT;font-size:11px;fill:$ink}
.t{font-size:13px;font-weight:700}.s,.n{fill:$soft}.r{font-weight:400;fill:$soft}.g,.b,.n{font-size:10px}.g{fill:$soft}
.l{font-size:10px}.a{fill:$alarm;font-weight:700}
.paper{fill:$paper}.c{fill:$card;stroke:$line;stroke-width:1.2}
.output{fill:$output;stroke-width:1.2}.parameter{fill:$parameter}.leaf{fill:$leaf}
.custom{fill:$custom;stroke-dasharray:6 3}.opaque,.module,.repeat{fill:$folded}
.rest,.stub{fill:$paper;stroke-dasharray:2 3}.pale{opacity:.55}
.here{stroke:$here;stroke-width:3.5}.e{fill:none;stroke:$line}.none{stroke-dasharray:7 5}.lost{stroke-dasharray:1.5 5}
.bad{stroke:$alarm}.h{fill:$line;stroke:none}.bad.h{fill:$alarm}.now{stroke:$here}.now.h{fill:$here}"""


def style_sheet(scope: str) -> str:
    """Return the CSS of one drawing; every rule is bound to its id, since an inlined SVG shares the page's styles."""
    return f"{_rules(scope, 0)}@media (prefers-color-scheme:dark){{{_rules(scope, 1)}}}"


def _rules(scope: str, theme: int) -> str:
    rules = RULES.replace("FONT", FONT)
    # longest first: no role may be replaced inside the name of another
    for role in sorted(COLOURS, key=len, reverse=True):
        rules = rules.replace(f"${role}", COLOURS[role][theme])
    scoped = []
    for rule in rules.replace("\n", "").split("}"):
        if rule:
            selectors, _, body = rule.partition("{")
            scoped.append(",".join(f"#{scope} {one}" for one in selectors.split(",")) + "{" + body + "}")
    return "".join(scoped)
