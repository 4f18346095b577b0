// Where rooms went, why that is believed, and the operator's word on it.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const SHOWN = 8;
  const COLUMNS = ["when", "from → to", "why", "carried over"];

  const name = (place) => words.plain(place.title || place.room, 60);

  function way({ from, to }, service) {
    const at = (place) => `${name(place)} @ ${rw.nodeName(service, place.node)}`;
    return [at(from), " → ", to ? at(to) : h("em", { key: "none" }, "no successor known")];
  }

  function people({ cause, to, participants_before: before, participants_now: now }) {
    if (!to) return `${words.people(before)} were in it`;
    return cause === "overflowed" ? `${words.people(now)} in it` : `${words.people(now)} of ${words.people(before)}`;
  }

  function carried(relocation) {
    const { carried_over: share, dark_seconds: dark, to } = relocation;
    const parts = [people(relocation)];
    if (dark > 0) parts.push(`${words.duration(dark)} dark`);
    const bar = to && words.known(share) && rw.bar("bar", share, rw.isMaybe(relocation) ? "hollow" : "carried");
    const told = parts.flatMap((part, i) => [i > 0 && " · ", h("span", { key: part, className: "whole" }, part)]);
    return [bar, h("span", { key: "words", className: "faint" }, ...told)];
  }

  function sureness(relocation) {
    const { status, confidence, judged_by: by } = relocation;
    if (status === "confirmed" || status === "rejected") return by ? `${status} by ${words.plain(by, 30)}` : status;
    const sure = relocation.cause === "ended" ? "" : `${words.whole(confidence)} sure`;
    return rw.isMaybe(relocation) ? [h("b", { key: "maybe", className: "maybe" }, "maybe"), ` ${sure}`] : sure;
  }

  function reasons({ evidence, revisions, lost }, offset) {
    const line = ({ at, text }) => `${words.clock(at, offset)} ${words.plain(text, 240)}`;
    return [
      lost > 0 && h("p", { key: "lost" }, `${words.exact(lost)} people have not followed.`),
      evidence.length > 0 && h("p", { key: "evidence" }, `Because: ${evidence.map((text) => words.plain(text, 160)).join("; ")}.`),
      revisions.length > 0 &&
        h("ul", { key: "revisions", className: "revisions", "aria-label": "How it was judged" }, ...revisions.map((each, i) => h("li", { key: i }, line(each)))),
    ];
  }

  // The time, which leads to the board as it was once this was known.
  function when({ at, revisions }, view) {
    const wall = rw.wallOf(view, revisions.length ? Math.max(at, revisions[0].at) : at);
    const text = words.clock(at, view.offset);
    return wall === null ? text : rw.momentLink("when", wall, text, { title: "the board at that moment" });
  }

  // Two lines of the table; the second, with the reasons and the buttons, when it is asked for or needed.
  function Relocation({ relocation, view }) {
    const { service, offset } = view;
    const [open, turn] = React.useState(null);
    const shown = open ?? rw.isMaybe(relocation);
    const below = `why-${relocation.id}`;
    const toggle = h(
      "button",
      { type: "button", className: "unfold", "aria-expanded": shown, "aria-controls": below, onClick: () => turn(!shown) },
      words.plain(relocation.cause),
      h("span", { className: "unseen" }, rw.moment ? ": why" : ": why, and your word on it"),
    );
    return [
      h(
        "tr",
        { key: "told", className: `told ${relocation.status}` },
        h("td", { className: "num" }, when(relocation, view)),
        h("td", { className: "way" }, ...way(relocation, service)),
        h("td", null, toggle, h("span", { className: "detail" }, sureness(relocation))),
        h("td", null, ...carried(relocation)),
      ),
      shown &&
        h(
          "tr",
          { key: "why", id: below, className: "reasons" },
          h("td", { colSpan: COLUMNS.length }, ...reasons(relocation, offset), !rw.moment && h(rw.Judge, { relocation, service })),
        ),
    ];
  }

  const table = (caption, list, view) =>
    rw.table(caption, COLUMNS, [], list.map((relocation) => h(Relocation, { key: relocation.id, relocation, view })), "relocations");

  function older(hidden, { service }) {
    const left = (rw.moment && rw.frame && service && rw.frame.left_out[service.name]) || 0;
    const where = rw.moment ? "in /api/v1/frame with the same `at`" : "in /api/v1/relocations";
    return [
      hidden > 0 && h("p", { key: "older", className: "faint" }, `${hidden} older ${hidden === 1 ? "one" : "ones"} ${where}`),
      left > 0 && h("p", { key: "left", className: "faint" }, `${left} older ${left === 1 ? "one was" : "ones were"} not kept`),
    ];
  }

  function rejected(list, view) {
    if (!list.length) return null;
    return h("details", { key: "rejected", className: "rejected" }, h("summary", null, `${list.length} rejected`), table("Rejected relocations", list, view));
  }

  // What people are told, whatever room it leads to at the moment.
  function link({ event }) {
    const url = event && rw.settings.links[event.name];
    if (!url) return null;
    const to = (href, text) => h("a", { href, target: "_blank", rel: "noreferrer" }, text);
    return h("p", { key: "link", className: "faint" }, "Public link, always to the room: ", to(url, url), " · ", to(`${url}/qr.svg`, "QR code"));
  }

  rw.text("relocations", (view) => {
    const all = view.service ? view.service.relocations : [];
    const list = view.service ? rw.standing(view.service) : [];
    const hidden = list.length - SHOWN;
    return [
      list.length
        ? table("Relocations", list.slice(0, SHOWN), view)
        : h("p", { key: "none", className: "empty" }, "No room has moved or ended with an audience."),
      ...older(hidden, view),
      link(view),
      rejected(all.filter((each) => each.status === "rejected").slice(0, SHOWN), view),
    ];
  });
})();
