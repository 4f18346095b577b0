// Numbers, times and names as words. Everything here is pure.
(() => {
  "use strict";
  const rw = (window.roomwatch = window.roomwatch || {});
  const NONE = "—";
  const known = (x) => x !== null && x !== undefined && Number.isFinite(x);

  // 5,200 · 41k · 668k · 1.32M
  function people(n) {
    if (!known(n)) return NONE;
    const size = Math.abs(n);
    if (size < 9999.5) return Math.round(n).toLocaleString("en-US");
    if (size < 999500) return `${Math.round(n / 1000)}k`;
    return `${(n / 1e6).toFixed(size < 9.995e6 ? 2 : 1)}M`;
  }

  const exact = (n) => (known(n) ? Math.round(n).toLocaleString("en-US") : "unknown");

  function rate(n) {
    if (!known(n)) return NONE;
    return n > 0 && n < 9.95 ? n.toFixed(1) : people(n);
  }

  // Cut, not rounded: 99.96% is not 100%, and 0.04% is not 0%.
  function percent(share, digits = 1) {
    if (!known(share)) return NONE;
    if (share === 0 || share === 1) return `${share * 100}%`;
    const scale = 10 ** digits;
    const cut = Math.floor(share * 100 * scale + 1e-9) / scale;
    return cut === 0 ? `< ${1 / scale}%` : `${cut.toFixed(digits)}%`;
  }

  const whole = (share) => (known(share) ? `${Math.round(share * 100)}%` : NONE);

  // 38 ms · 1.9 s · 58 s · 1 min 58 s · 2 h 5 min · 3 days
  function duration(seconds) {
    if (!known(seconds)) return NONE;
    if (seconds < 0.9995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
    if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
    const s = Math.round(seconds);
    if (s < 60) return `${s} s`;
    if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
    if (s < 86400) {
      const minutes = Math.floor((s % 3600) / 60);
      return minutes ? `${Math.floor(s / 3600)} h ${minutes} min` : `${Math.floor(s / 3600)} h`;
    }
    const days = Math.floor(s / 86400);
    return days === 1 ? "1 day" : `${days} days`;
  }

  // One unit from ten minutes on: for a number that is read from afar.
  function roughly(seconds) {
    if (!known(seconds) || seconds < 600) return duration(seconds);
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : duration(seconds);
  }

  // From when to when in one unit, cut outwards: 6–9 min · under 40 s · over 6 min.
  function span(soonest, latest) {
    const end = known(latest) ? latest : soonest;
    const [unit, name] = end < 120 ? [1, "s"] : end < 7200 ? [60, "min"] : [3600, "h"];
    const low = Math.floor(soonest / unit);
    if (!known(latest)) return `over ${low} ${name}`;
    const high = Math.ceil(latest / unit);
    if (low === 0) return `under ${high} ${name}`;
    return low < high ? `${low}–${high} ${name}` : `${low} ${name}`;
  }

  // How old something is: tenths below ten seconds, as one watches it grow.
  const age = (seconds) => (seconds < 9.95 ? `${Math.max(0, seconds).toFixed(1)} s` : duration(seconds));

  const two = (n) => String(n).padStart(2, "0");

  // The time of day `offset` seconds east of UTC.
  function clock(time, offset) {
    if (!known(time)) return NONE;
    return new Date((time + offset) * 1000).toISOString().slice(11, 19);
  }

  // "24 May 2023, " or nothing where no time is known.
  function day(time, offset) {
    if (!known(time)) return "";
    const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
    return `${new Date((time + offset) * 1000).toLocaleDateString("en-GB", options)}, `;
  }

  // A sentence of the prober's, its times of day in the zone that the rest of the board shows.
  const sentence = (text, offset) => {
    const moved = text.replace(/\b(\d\d):(\d\d):(\d\d) UTC\b/g, (_, h, m, s) => clock(h * 3600 + m * 60 + +s, offset));
    return /[.!?…]$/.test(moved) ? moved : `${moved}.`;
  };

  function countdown(seconds) {
    const s = Math.floor(Math.abs(seconds));
    return `${two(Math.floor(s / 3600))}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  }

  function zone(offset) {
    if (offset === 0) return "UTC";
    const minutes = Math.round(Math.abs(offset) / 60);
    const rest = minutes % 60;
    return `UTC${offset < 0 ? "−" : "+"}${Math.floor(minutes / 60)}${rest ? `:${two(rest)}` : ""}`;
  }

  const OUTCOMES = {
    ok: "answered",
    joined: "got in",
    room_full: "room full",
    not_found: "not found",
    unauthorized: "not allowed",
    rate_limited: "rate limited",
    unavailable: "unavailable",
    timeout: "timeout",
    refused: "refused",
    tls: "TLS failed",
    dns: "DNS failed",
    protocol: "not understood",
    no_media: "no media",
    silent: "silent",
    aborted: "aborted",
    other: "other",
  };
  const outcome = (name) => OUTCOMES[name] || plain(name);

  // One line of what anybody may have typed: no control characters, no direction marks, bounded.
  function plain(text, most = 80) {
    const clean = String(text ?? "")
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
      .replace(/\s+/g, " ")
      .trim();
    const letters = Array.from(clean.slice(0, 4 * most));
    return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : clean.slice(0, 4 * most);
  }

  // The same for Plotly, which reads a little HTML in every text: after this it finds none.
  const inert = (text, most = 40) =>
    plain(text, most).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  rw.words = {
    NONE, known, people, exact, rate, percent, whole, duration, roughly, span, age, clock, day, sentence, countdown, zone, outcome, plain, inert,
  };
})();
