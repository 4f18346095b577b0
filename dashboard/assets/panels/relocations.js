// Where rooms went.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const SHOWN = 8;

  const name = (place) => words.plain(place.title || place.room, 60);

  function way({ from, to }, service) {
    const at = (place) => `${name(place)} @ ${rw.nodeName(service, place.node)}`;
    return [at(from), " → ", to ? at(to) : h("em", { key: "none" }, "no successor known")];
  }

  function carried({ participants_before: before, participants_now: now, carried_over: share, dark_seconds: dark, to }) {
    const people = to ? `${words.people(now)} of ${words.people(before)}` : `${words.people(before)} were in it`;
    const sentence = words.known(dark) ? `${people} · ${words.duration(dark)} dark` : people;
    return [to && rw.bar("bar", share, "second"), h("span", { key: "words", className: "faint" }, sentence)];
  }

  const row = (relocation, service, offset) =>
    h(
      "tr",
      { key: relocation.id },
      h("td", { className: "num" }, words.clock(relocation.at, offset)),
      h("td", null, ...way(relocation, service)),
      h(
        "td",
        { className: "whole", title: relocation.evidence.map((text) => words.plain(text, 200)).join("; ") },
        words.plain(relocation.cause),
        relocation.status === "proposed" && h("span", { className: "faint" }, " (proposed)"),
      ),
      h("td", null, ...carried(relocation)),
    );

  rw.text("relocations", ({ service, offset }) => {
    const list = service ? rw.standing(service) : [];
    if (!list.length) return h("p", { className: "empty" }, "No room has moved or ended with an audience.");
    return rw.table("Relocations", ["when", "from → to", "why", "carried over"], [], list.slice(0, SHOWN).map((each) => row(each, service, offset)));
  });
})();
