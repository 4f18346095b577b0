vcl 4.1;

import std;

# Varnish in front of Roomwatch: whatever the crowd, Roomwatch is asked once a second for each public path,
# and when Roomwatch is away the last good answer stays up.
#
# Change: where Roomwatch listens. In its config the public name must stand in `auth.hosts`, this machine in
# `auth.forwarded_by` (or all who come through here share one client's tries), and `auth:` must say
# who may look at the board: what comes through a proxy does not come from this machine.
# What is public no more is shown to the first who asks once more; to nobody, after
# `varnishadm ban req.url '~' .`. TLS is the business of what stands before Varnish (hitch, nginx, a balancer).

backend roomwatch {
    .host = "127.0.0.1";
    .port = "8050";
    .connect_timeout = 1s;
    .first_byte_timeout = 5s;
    .between_bytes_timeout = 60s;
    .max_connections = 200;
    .probe = {                                              # whether it answers at all, also before its first tick;
                                                            # a busy machine that stalls for two seconds is not away
        .request = "OPTIONS /status HTTP/1.1" "Host: localhost" "Connection: close";
        .expected_response = 204;
        .interval = 1s;
        .timeout = 1s;
        .window = 5;
        .threshold = 1;
        .initial = 1;
    }
}

sub vcl_recv {
    # Public: panels, badges, the status page, the way to the room. Not what begins with ~: private links.
    if (req.url ~ "^/(embed|badge|go|status|api/v2/summary\.json)([/.][A-Za-z0-9._@/-]*)?(\?|$)") {
        if (req.method != "GET" && req.method != "HEAD") {
            return (pass);
        }
        set req.url = regsub(req.url, "\?.*$", "");         # a query means nothing to a panel
        unset req.http.Authorization;
        unset req.http.Cookie;
        # Sites whose scripts may read panels, where Roomwatch's `embed.origins` lists more than one: the same here.
        # if (req.http.Origin != "https://status.example.org") {
        unset req.http.Origin;
        # }
        # Where the room was when somebody last asked is no answer, unless Roomwatch gives none.
        set req.grace = 1d;
        if (req.url ~ "^/go[/.]" && req.restarts == 0 && std.healthy(req.backend_hint)) {
            set req.grace = 2s;
        }
        return (hash);
    }
    # The event stream of boards: not a byte may wait here.
    if (req.url ~ "^/live(\?|$)") {
        return (pipe);
    }
    # All else is for those who may look: asked for anew each time, with the asker's own rights.
    return (pass);
}

sub vcl_hash {
    hash_data(req.url);
    if (req.http.Origin) {
        hash_data(req.http.Origin);                         # the answer may name the site that asked
    }
    return (lookup);
}

sub vcl_pipe {
    set bereq.http.Connection = "close";                    # a pipe is for one request
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.status >= 500 || beresp.http.Cache-Control ~ "no-store|private") {
        if (bereq.is_bgfetch) {
            return (abandon);                               # what is kept is better than this
        }
        set beresp.uncacheable = true;
        call not_kept;
        return (deliver);
    }
    set beresp.ttl = 1s;
    set beresp.grace = 1d;                                  # shown while a newer one is fetched, or cannot be
    set beresp.keep = 1d;                                   # for asking with its ETag
    if (bereq.url ~ "^/go[/.]") {
        set beresp.grace = 1h;
    }
    unset beresp.http.Vary;                                 # what an answer depends on is in the hash
    return (deliver);
}

# A fault is kept for a second, but not in the place of where the room was last.
sub not_kept {
    set beresp.ttl = 1s;
    if (bereq.url ~ "^/go[/.]") {
        set beresp.ttl = 0s;
    }
}

sub vcl_deliver {
    if (req.url ~ "^/go[/.]" && resp.status >= 500 && req.restarts == 0) {
        return (restart);                                   # where the room was last, if that is kept
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.Via;
    unset resp.http.X-Varnish;
}

sub vcl_backend_error {
    if (bereq.is_bgfetch) {
        return (abandon);                                   # what is kept is better than this
    }
    call not_kept;
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Retry-After = "5";
    set beresp.body = "Roomwatch does not answer, and nothing was kept of this. Try again in a few seconds.";
    return (deliver);
}
