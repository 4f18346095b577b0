"""The rules for those who look without a right, as the config has them now: sharing, links, how often."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.clients import MADE, Buckets, Clients
from dashboard.public.links import Links
from dashboard.public.sharing import Sharing
from probes.config.embed import Embed, Public, PublicPanel, PublicServiceSettings
from probes.settings import Config


class Visitors:
    """Follows the config by itself: what is made of it is made again when it is another."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self.buckets = Buckets(MADE)
        self._read(config())

    def follow(self) -> Visitors:
        """These rules as they are now."""
        if self._config() is not self._read_from:
            self._read(self._config())
        return self

    def private(self) -> Config:
        """The config as a signed link shows it: what may be shown at all is public in it."""
        self.follow()
        return self._private

    def _read(self, config: Config) -> None:
        self._read_from = config
        embed = config.embed
        self.sharing = Sharing(embed.origins)
        self.links = Links(embed.key.reveal() if embed.key else "", embed.revoked)
        self.clients = Clients(config.auth.trusted_proxies)
        self._private = config.model_copy(update={"embed": _for_links(embed, config)})


def _for_links(embed: Embed, config: Config) -> Embed:
    """Every panel of every service, without delay; titles, names and numbers are those of the public."""
    if embed.key is None:
        return embed.model_copy(update={"public": Public()})
    known = {service.name: service for service in embed.public.services}
    services = [known.get(s.name) or PublicServiceSettings(name=s.name) for s in config.services]
    opened = {"panels": list(PublicPanel), "services": services, "events": [], "delay": None}
    return embed.model_copy(update={"public": embed.public.model_copy(update=opened)})
