"""Which known direction a name means: by its names, or by what it is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from littriage.directions import canonical
from littriage.model import Catalogue
from littriage.ports import Embedder

MATCH = 0.75
"""Cosine of MiniLM from which a new name is taken for a known direction, if it leads by MARGIN (docs/documents.md)."""
MARGIN = 0.03
"""Between the nearest direction and the next."""
SUGGESTION = 0.6
"""From here on the nearest direction is shown beside a draft, and nothing more."""
MATCHING_MODEL = "minilm"
"""The embedder that MATCH was chosen for, the part of its name before the @; others only suggest."""


class Known:
    """The directions and themes of a catalogue, by any of their names."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.themes = frozenset(theme.slug for theme in catalogue.themes)
        self.slugs = self.themes | {one.slug for one in catalogue.directions}
        self._called: dict[str, set[str]] = {}
        for theme in catalogue.themes:
            self._enter(theme.slug, theme.slug, theme.name, theme.name_zh)
        for one in catalogue.directions:
            self._enter(one.slug, one.slug, one.name, one.name_zh, *one.aliases)

    def _enter(self, slug: str, *names: str) -> None:
        for name in names:
            if form := canonical(name):
                self._called.setdefault(form, set()).add(slug)

    def find(self, name: str) -> str | None:
        """The slug that is so called: itself, or the only direction, else the only theme, of that name."""
        if name in self.slugs:
            return name
        found = self._called.get(canonical(name), set())
        directions = found - self.themes
        fitting = directions or found
        return next(iter(fitting)) if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True)
class Nearest:
    """The known direction that a new name comes nearest to."""

    slug: str
    similarity: float
    """Cosine, -1 to 1."""
    certain: bool
    """Near enough, and far enough from the next, to be taken for the same."""


def nearest(names: Mapping[str, str], catalogue: Catalogue, embedder: Embedder) -> dict[str, Nearest]:
    """The nearest direction of each name, where there is one from SUGGESTION on; `names` are name -> scope.

    Names and scopes are compared in English: MiniLM reads English, so a Chinese document is compared by the English
    name that a model gave. Of a scope the first sentence is read, as in a prototype.
    """
    import numpy as np

    from littriage.membership import first_sentence, prototypes

    if not names or not catalogue.directions:
        return {}
    made = prototypes(catalogue.directions, embedder)
    rows = np.array([made.rows[one.slug] for one in catalogue.directions])
    vectors = embedder.encode([f"{name}. {first_sentence(scope)}" for name, scope in names.items()])
    cosines = vectors @ made.matrix[rows].T
    found: dict[str, Nearest] = {}
    certain_model = embedder.model.partition("@")[0] == MATCHING_MODEL
    for name, row in zip(names, cosines, strict=True):
        order = np.argsort(-row, kind="stable")
        first = float(row[order[0]])
        lead = first - float(row[order[1]]) if len(order) > 1 else first
        if first >= SUGGESTION:
            certain = certain_model and first >= MATCH and lead >= MARGIN
            found[name] = Nearest(catalogue.directions[order[0]].slug, round(first, 3), certain)
    return found


def slug_of(name: str, taken: Collection[str] = ()) -> str:
    """A slug for an English name, another than those taken; empty where the name has no Latin letter or digit."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    words = re.findall(r"[a-z0-9]+", bare.lower())
    slug = ""
    for word in words:
        if slug and len(slug) + 1 + len(word) > _SLUG_CHARS:
            break
        slug = f"{slug}-{word}" if slug else word[:_SLUG_CHARS]
    number = 2
    free = slug
    while slug and free in taken:
        free = f"{slug}-{number}"
        number += 1
    return free


_SLUG_CHARS = 48
