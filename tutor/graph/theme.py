"""Colours and type of the drawings: one style sheet that follows the reader's light or dark theme."""

from __future__ import annotations

from string import Template

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

RULES = """$svg text{font-family:$font;font-size:11px;fill:$ink}$svg .t{font-size:13px;font-weight:700}
$svg .s,$svg .n{fill:$soft}$svg .r{font-weight:400;fill:$soft}$svg .g,$svg .b,$svg .n{font-size:10px}
$svg .g{fill:$soft}$svg .l{font-size:10px}$svg .a{fill:$alarm;font-weight:700}$svg .paper{fill:$paper}
$svg .c{fill:$card;stroke:$line;stroke-width:1.2}$svg .output{fill:$output;stroke-width:1.2}
$svg .parameter{fill:$parameter}$svg .leaf{fill:$leaf}$svg .custom{fill:$custom;stroke-dasharray:6 3}
$svg .opaque,$svg .module,$svg .repeat{fill:$folded}$svg .rest,$svg .stub{fill:$paper;stroke-dasharray:2 3}
$svg .pale{opacity:.55}$svg .here{stroke:$here;stroke-width:3.5}$svg .e{fill:none;stroke:$line}
$svg .none{stroke-dasharray:7 5}$svg .lost{stroke-dasharray:1.5 5}$svg .bad{stroke:$alarm}
$svg .h{fill:$line;stroke:none}$svg .bad.h{fill:$alarm}$svg .e.now{stroke:$here}$svg .h.now{fill:$here}"""


def style_sheet(scope: str) -> str:
    """Return the CSS of one drawing; every rule is bound to its id, since an inlined SVG shares the page's styles."""
    return f"{rules(f'#{scope}', 0)}@media (prefers-color-scheme:dark){{{rules(f'#{scope}', 1)}}}"


def rules(within: str, theme: int) -> str:
    """Return the rules of the light (0) or dark (1) theme, bound to a selector."""
    colours = {role: pair[theme] for role, pair in COLOURS.items()}
    return Template(RULES).substitute(colours, font=FONT, svg=within).replace("\n", "")
