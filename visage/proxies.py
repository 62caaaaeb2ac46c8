"""Contacts servers through the proxy of the environment, and those of this machine directly."""

import urllib.request
from ipaddress import ip_address
from urllib.parse import urlsplit


def opener(url: str) -> urllib.request.OpenerDirector:
    """Returns an opener that contacts this machine directly, and others through the environment's proxy."""
    handlers = [urllib.request.ProxyHandler({})] if is_this_machine(url) else []
    return urllib.request.build_opener(*handlers)


def by_way_of(url: str) -> str:
    """Names the proxy that was contacted instead of the server, if any, without its password."""
    scheme, host = url.partition("://")[0], _host(url)
    proxy = proxy_of(url)
    if proxy is None:
        return ""
    before, _, address = proxy.rpartition("@")
    if before:
        proxy = f"{before.partition('://')[0]}://{address}" if "://" in before else address
    return f" by way of the proxy {proxy}, which {scheme}_proxy names; no_proxy={host} leaves it out"


def proxy_of(url: str) -> str | None:
    """Returns the environment's proxy for an address; None: it is contacted directly."""
    proxy = urllib.request.getproxies().get(url.partition("://")[0])
    return None if proxy is None or is_this_machine(url) or urllib.request.proxy_bypass(_host(url)) else proxy


def is_this_machine(url: str) -> bool:
    """Returns whether an address is one of this machine, which no proxy reaches."""
    host = _host(url)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(url: str) -> str:
    """Returns the host of an address; empty if it is malformed."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
