"""What the mis-ranking generator has to reach, and which published claims hold."""

import statistics

# Of the victim's clean rank-1 where a share is meant; figure: (bar, what is better).
BARS = {
    "attacked of clean": (0.15, "below"),
    "half of the pixels of clean": (0.35, "below"),
    "noise costs": (0.10, "below"),
    "MS-SSIM": (0.90, "above"),
    "seconds": (300, "below"),
}
# The first fools the victim better than the second. Source: Wang et al. 2020, table 6 and SPEC 4.
CLAIMS = {
    "ranking and misclassification beat misclassification alone": ("both", "misclassification"),
    "and misclassification alone with the weight of both": ("both", "misclassification_louder"),
    "ranking and misclassification beat ranking alone": ("both", "ranking"),
    "ranking alone beats misclassification alone": ("ranking", "misclassification"),
    "several stages beat a PatchGAN": ("both", "patch"),
    "the logarithmic loss beats least squares": ("both", "least_squares"),
    "leaving the anchor out beats including it, ranked among adversarial images": (
        "published_rank", "published_rank_anchor_included",
    ),
    "leaving the anchor out beats including its clean self, ranked among clean images": (
        "both", "anchor_included",
    ),
    "ranking among clean images beats ranking among adversarial ones": ("both", "published_rank"),
}  # fmt: skip


def numbers(means, variant="whole"):
    """[{"figure", "value", "bar", "reached"}] of a variant; empty where it was not trained."""
    if variant not in means:
        return []
    row = means[variant]
    values = {
        "attacked of clean": row["attacked"] / row["clean"],
        "half of the pixels of clean": row["half of the pixels"] / row["clean"],
        "noise costs": row["clean"] - row["noise"],
        "MS-SSIM": row["MS-SSIM"],
        "seconds": row["seconds"],
    }
    return [
        {
            "figure": name,
            "value": round(value, 4),
            "bar": BARS[name][0],
            "reached": bool(value < BARS[name][0] if BARS[name][1] == "below"
                            else value >= BARS[name][0]),
        }
        for name, value in values.items()
    ]  # fmt: skip


def claims(rounds):
    """[{"claim", "points", "mean", "held_in", "of"}]: rank-1 of the second less that of the first.

    Positive points are for the claim; a claim counts as held in a seed where they are above 0.
    """
    found = []
    for claim, (better, worse) in CLAIMS.items():
        points = [
            round(each[worse]["attacked"] - each[better]["attacked"], 4)
            for each in rounds
            if better in each and worse in each
        ]
        if points:
            found.append(
                {
                    "claim": claim,
                    "points": points,
                    "mean": round(statistics.mean(points), 4),
                    "held_in": sum(point > 0 for point in points),
                    "of": len(points),
                }
            )
    return found
