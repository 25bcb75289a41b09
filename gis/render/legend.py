"""Draw the legend's swatches as small inline SVG, in the same look as the map."""

from __future__ import annotations

from markupsafe import Markup

from gis.render.theme import Look

_WIDTH, _HEIGHT = 26, 18


def swatch(look: Look, *, kind: str, key: str) -> Markup:
    """Return one swatch. kind is polygon, line or point; key makes the hatch's id unique."""
    body = {"line": _line, "point": _point}.get(kind, _box)(look, key)
    head = (
        f'<svg class="swatch" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true" focusable="false">'
    )
    # Every part is a colour, a number or a word that the theme's model has checked.
    return Markup(f"{head}{body}</svg>")  # noqa: S704


def _stroke(look: Look) -> str:
    if look.line is None:
        return ""
    dash = f' stroke-dasharray="{" ".join(map(str, look.dash))}"' if look.dash else ""
    return f' stroke="{look.line}" stroke-width="{max(look.width or 1, 1)}"{dash}'


def _box(look: Look, key: str) -> str:
    shape = f'<rect x="1.5" y="1.5" width="{_WIDTH - 3}" height="{_HEIGHT - 3}"'
    fill = look.fill or "none"
    opacity = 1 if look.opacity is None else look.opacity
    parts = [f'{shape} fill="{fill}" fill-opacity="{opacity}"{_stroke(look)}/>']
    if look.hatch and look.hatch != "none":
        colour = look.hatch_line or look.line or "#5A6068"
        parts.insert(0, _pattern(look.hatch, colour, key))
        parts.append(f'{shape} fill="url(#{key})"/>')
    if look.mark:
        parts.append(
            f'<text x="{_WIDTH / 2}" y="13.5" text-anchor="middle" font-size="12" '
            f'font-weight="600" fill="{look.mark_colour or "#1E2328"}">{_mark(look.mark)}</text>'
        )
    return "".join(parts)


def _mark(mark: str) -> str:
    return str(Markup.escape(mark))


def _pattern(hatch: str, colour: str, key: str) -> str:
    marks = {
        "diagonal": "M0 6L6 0M-1 1L1 -1M5 7L7 5",
        "wide": "M0 0L10 10M-1 9L1 11M9 -1L11 1",
        "horizontal": "M0 3H6",
        "cross": "M0 6L6 0M0 0L6 6",
    }
    side = 10 if hatch in ("wide", "sparse") else 6
    body = (
        f'<circle cx="{side / 2}" cy="{side / 2}" r="1" fill="{colour}"/>'
        if hatch in ("dots", "sparse")
        else f'<path d="{marks[hatch]}" stroke="{colour}" stroke-width="1" fill="none"/>'
    )
    return (
        f'<defs><pattern id="{key}" width="{side}" height="{side}" patternUnits="userSpaceOnUse">'
        f"{body}</pattern></defs>"
    )


def _line(look: Look, key: str) -> str:
    del key
    middle = _HEIGHT / 2
    parts = []
    if look.casing:
        parts.append(
            f'<path d="M1 {middle}H{_WIDTH - 1}" stroke="{look.casing}" '
            f'stroke-width="{look.casing_width or 3}"/>'
        )
    parts.append(f'<path d="M1 {middle}H{_WIDTH - 1}" fill="none"{_stroke(look)}/>')
    if look.ticks:
        parts.append(f'<path d="M5 5V13M13 5V13M21 5V13" stroke="{look.line}"/>')
    return "".join(parts)


def _point(look: Look, key: str) -> str:
    del key
    x, y, r = _WIDTH / 2, _HEIGHT / 2, min((look.size or 8) / 2, 7.5)
    outlined = (look.line or "#FFFFFF").upper() == "#FFFFFF"
    edge = "" if outlined else f' stroke="{look.line}" stroke-width="{look.width or 1}"'
    fill = f' fill="{look.fill or look.line}"{edge}'
    if look.shape == "square":
        return f'<rect x="{x - r}" y="{y - r}" width="{2 * r}" height="{2 * r}"{fill}/>'
    if look.shape == "diamond":
        return f'<path d="M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z"{fill}/>'
    if look.shape == "triangle":
        return f'<path d="M{x} {y - r}L{x + r} {y + r * 0.8}L{x - r} {y + r * 0.8}Z"{fill}/>'
    if look.shape == "cross":
        a = r * 0.36
        return (
            f'<path d="M{x - a} {y - r}h{2 * a}v{r - a}h{r - a}v{2 * a}h{a - r}v{r - a}'
            f'h{-2 * a}v{a - r}h{a - r}v{-2 * a}h{r - a}z"{fill}/>'
        )
    return f'<circle cx="{x}" cy="{y}" r="{r}"{fill}/>'
