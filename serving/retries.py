"""How often and when a call is repeated; one policy for gRPC's service config and for REST.

Full queues and exhausted thread pools of a server pass, and predictions may be asked for twice. All
attempts of a call share its timeout.
"""

import random

# CANCELLED, from a server, is a call that arrived while it shut down: another one may answer it.
STATUSES = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED")
ATTEMPTS = 5
FIRST_SECONDS = 0.1
LONGEST_SECONDS = 2.0
FACTOR = 2
JITTER = 0.2  # each pause by up to so much of it, as gRPC does
# gRPC stops repeating once 50 more calls failed than were answered: a server that is down or
# swamped is left alone, and the largest burst of one client (all in flight, five times) is not.
MAX_TOKENS = 100
TOKEN_RATIO = 1


def service_config(services, balanced):
    """gRPC's service config as a dictionary.

    Args:
      services: names of the services that it is for.
      balanced: whether the target stands for several servers that take turns.
    """
    policy = {
        "maxAttempts": ATTEMPTS,
        "initialBackoff": f"{FIRST_SECONDS:g}s",
        "maxBackoff": f"{LONGEST_SECONDS:g}s",
        "backoffMultiplier": FACTOR,
        "retryableStatusCodes": list(STATUSES),
    }
    config = {
        "methodConfig": [{"name": [{"service": name} for name in services], "retryPolicy": policy}],
        "retryThrottling": {"maxTokens": MAX_TOKENS, "tokenRatio": TOKEN_RATIO},
    }
    return config | ({"loadBalancingConfig": [{"round_robin": {}}]} if balanced else {})


def pauses():
    """Yields the seconds to wait after each failed attempt; as many as there are further ones."""
    for attempt in range(ATTEMPTS - 1):
        seconds = min(FIRST_SECONDS * FACTOR**attempt, LONGEST_SECONDS)
        yield seconds * random.uniform(1 - JITTER, 1 + JITTER)
