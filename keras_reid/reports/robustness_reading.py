"""Finding one's way in the results of a robustness evaluation, and writing figures as words."""

from keras_reid.evaluation.grid import DOUBLED, NO_GUIDES
from keras_reid.reports.summaries import spoken

VICTIM, TWIN = "victim", "twin"
CALLED = {VICTIM: "this model", TWIN: "undefended twin"}
WHOLE = {"query": "queries", "gallery": "the gallery"}


def pick(entries, **wanted):
    """The entries that say what is wanted."""
    return [e for e in entries if all(e[key] == value for key, value in wanted.items())]


def one(entries, **wanted):
    """The first of them, or None."""
    return next(iter(pick(entries, **wanted)), None)


def roles(results):
    """victim, and twin where there is one."""
    return [VICTIM, TWIN] if results["twin"] else [VICTIM]


def sides(results):
    """The attacked sides, in the plan's order."""
    return list(results["plan"]["attacked"])


def clean_of(results, role):
    """The figures of a role without attack."""
    return results["clean"] if role == VICTIM else results["twin_clean"]


def rows_of(results, role):
    """The cells of a role's grid; doubled steps are no part of it."""
    rows = results["rows"] if role == VICTIM else results["twin_rows"]
    return [row for row in rows if DOUBLED not in row["extra"]]


def worst_at(results, role, side):
    """The worst case at the headline's epsilon."""
    return one(results["worst"], role=role, attacked=side, epsilon_255=results["headline_255"])


def score_of(results, role, side):
    """Area under the worst case, or None where there is none."""
    return one(results["score"], role=role, attacked=side)["score"]


def percent(share):
    """12.3 %, never apart at the end of a line."""
    return f"{100 * share:.1f}\u00a0%"


def interval(entry, between=" to "):
    """10.1 to 14.7, in percent."""
    low, high = entry["interval"]
    return f"{100 * low:.1f}{between}{100 * high:.1f}"


def of_clean(worst, clean):
    """Share of the clean figure that the worst case leaves, in percent, or None."""
    return 100 * worst["mean_ap"] / clean["mean_ap"] if clean["mean_ap"] else None


def whole(epsilon):
    """5 of 5.0, and 2.5 of 2.5."""
    return int(epsilon) if epsilon == int(epsilon) else epsilon


def source_words(source):
    """The guides' source in a table, nothing where there is none."""
    return None if source == NO_GUIDES else source


def attack_name(results, entry):
    """The attack, with its guides' source where there are several."""
    source = source_words(entry["guide_source"])
    several = len(results["plan"]["guide_sources"]) > 1
    name = spoken(entry["attack"])
    return f"{name}, {source} guides" if several and source else name
