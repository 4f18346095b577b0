// Why people do not get in: one colour a reason, always the same, and one order in every stack.
(() => {
  "use strict";
  const rw = window.roomwatch;

  // From the bottom of a stack to its top.
  const COLOURS = {
    timeout: "bad",
    unavailable: "warn",
    room_full: "room-2",
    not_found: "room-1",
    refused: "room-5",
    rate_limited: "room-6",
    unauthorized: "room-7",
    no_media: "room-4",
    silent: "room-8",
    dns: "room-3",
    tls: "room-3",
    protocol: "room-3",
    aborted: "grey",
    other: "line",
  };
  const ORDER = Object.keys(COLOURS);
  const sum = (values) => values.reduce((a, b) => a + (b ?? 0), 0);

  rw.reasonColour = (reason) => rw.colour(COLOURS[reason] || COLOURS.other);

  // The reasons for which anybody was turned away, each with its shares of the tries.
  rw.reasonsOf = (series) =>
    [...series.errors].filter(([, shares]) => sum(shares) > 0).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));

  // Who saw the joins, in words.
  rw.observer = (door) => (door.observer === "probe" ? "seen by our own joins" : "counted by the service");
})();
