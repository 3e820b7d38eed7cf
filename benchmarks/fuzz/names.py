"""Names that nobody gave to anything."""

WEIRD_NAMES = (
    "", "../../etc/passwd", "/etc/passwd", "reid/1", "..", ".", "demo\0", "\0", "a" * 5000, "démo",
    "\u202edemo", "\U0001f600", "demo ", "DEMO", "%2e%2e%2f", "x:0", "__saved_model_init_op",
    "{}", "%s%n", "\n\r", "nope",
)  # fmt: skip


def weird_name(rng):
    if rng.random() < 0.7:
        return rng.choice(WEIRD_NAMES)
    return "".join(chr(rng.choice([rng.randrange(1, 128), rng.randrange(0x80, 0xD800)]))
                   for _ in range(rng.randint(1, 12)))  # fmt: skip
