"""Simple LaTeX as text with the signs of mathematics."""

from __future__ import annotations

import re

_SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω", "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "leq": "≤", "le": "≤",
    "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "approx": "≈", "equiv": "≡", "sim": "~", "propto": "∝", "infty": "∞",
    "to": "→", "rightarrow": "→", "Rightarrow": "⇒", "implies": "⇒", "leftarrow": "←", "iff": "⇔", "in": "∈",
    "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩", "emptyset": "∅", "forall": "∀",
    "exists": "∃", "neg": "¬", "land": "∧", "lor": "∨", "sum": "∑", "prod": "∏", "int": "∫", "partial": "∂",
    "nabla": "∇", "sqrt": "√", "circ": "°", "degree": "°", "ldots": "…", "dots": "…", "cdots": "…", "angle": "∠",
    "perp": "⊥", "parallel": "∥", "mid": "|", "quad": " ", "qquad": " ",
}  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_TEXT = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|mathbb|mathcal|operatorname|textbf|boxed|vec|hat|bar)\s*\{([^{}]*)\}"
)
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_GROUP = re.compile(r"([\^_])\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SPACING = re.compile(r"\\[,;:! ]|\\(?:left|right|big|Big|displaystyle)\b|~")


def write_formula(latex: str) -> str:
    """Return a formula as it can be shown in a line: π for \\pi, a/b for fractions; commands unknown lose their \\."""
    text = latex.strip()
    if "\\" not in text and "{" not in text:
        return text
    for _ in range(4):  # braces nest; four levels are deeper than anybody reads aloud
        text = _TEXT.sub(r"\1", text)
        text = _GROUP.sub(_superscript, text)
        text = _ROOT.sub(lambda match: f"√{_in_brackets(match[1])}", text)
        text = _FRACTION.sub(lambda match: f"{_in_brackets(match[1])}/{_in_brackets(match[2])}", text)
    text = _SPACING.sub(" ", text)
    text = _COMMAND.sub(lambda match: _SIGNS.get(match[1], match[1]), text)
    text = text.replace("\\\\", " ").replace("\\", "").replace("{", "").replace("}", "")
    return " ".join(text.split())


def _in_brackets(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"\\?\w+", text) else f"({text})"


def _superscript(match: re.Match[str]) -> str:
    inner = match[2].strip()
    if inner in ("\\circ", "\\degree"):
        return "°"
    return f"{match[1]}{inner}" if re.fullmatch(r"\\?\w+|-\d+", inner) else f"{match[1]}({inner})"
