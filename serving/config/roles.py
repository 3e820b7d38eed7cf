"""The deployments of a fleet: one for everything, or one for embeddings and one for attacks."""

import dataclasses

from serving import contract


@dataclasses.dataclass(frozen=True)
class Role:
    """One Deployment.

    app: its name on Kubernetes and in compose.
    models: {name in requests: folder below --models}.
    folder: of its files in the output.
    traffic: what it is for, in words.
    replicas: at least so many.
    """

    app: str
    models: dict
    folder: str
    traffic: str
    replicas: int


def roles_of(settings):
    """The Roles that `settings` ask for, the main one first."""
    main = Role(
        app=app_name(settings.name),
        models={settings.name: settings.name, settings.encoded: settings.encoded},
        folder="server",
        traffic="embeddings" if settings.separate_attacks else "embeddings and attacks",
        replicas=settings.replicas,
    )
    if not settings.separate_attacks:
        return [main]
    name = settings.name + "_attack"
    attack = Role(
        app=app_name(name),
        # The same exports under names of their own, so that metrics and proxies tell them apart.
        models={name: settings.name, name + contract.ENCODED_SUFFIX: settings.encoded},
        folder="server-attack",
        traffic="attacks",
        replicas=settings.attack_replicas,
    )
    return [main, attack]


def app_name(servable):
    """A servable's name as a DNS label."""
    return servable.replace("_", "-").lower()
