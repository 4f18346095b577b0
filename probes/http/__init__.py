"""HTTP as probes need it: bounded in bytes, honest about why it failed, timed stage by stage where asked."""

from probes.http.exchange import Answer, Http, Limits

__all__ = ["Answer", "Http", "Limits"]
