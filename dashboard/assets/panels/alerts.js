// What fires, a line each; who knows of it; what ended lately, and what people wrote down.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const PAGES = [4, 3]; // that stand unfolded where there are many: on a screen, on a phone
  const MOST = 40; // lines of each severity
  const FRESH = 3600; // seconds for which the newest notes stand unfolded
  const UNFOLDED = 2;
  const SAID = 5; // seconds for which words count as those of now
  const OWN = "Roomwatch’s own evaluation";
  const TICKET = "ticket";

  const clockOf = (view, at) => words.clock(rw.serviceTime(view, at), view.offset);
  const lasted = (view, from, to) => words.duration(Math.max(1, Math.round(rw.serviceTime(view, to) - rw.serviceTime(view, from))));
  const many = (n, one, more) => `${n} ${n === 1 ? one : more}`;
  const isOwn = (alert) => alert.source === "own";
  const isFiring = (alert) => alert.ended_at === null;

  // Whose line of rooms it is: people know a room by its title, not by our id.
  function roomOf(lineage, service) {
    const told = service && service.relocations.find((each) => each.lineage === lineage);
    return told ? `“${words.plain(told.from.title || told.from.room, 38)}”` : lineage;
  }

  function subject({ service, node, room, lineage, probe, what }, view) {
    const seen = view.services.find((each) => each.name === service);
    const parts = [service, node && (seen ? rw.nodeName(seen, node) : node), room, probe, what, lineage && roomOf(lineage, seen)];
    return parts.filter(Boolean).map((part) => words.plain(part, 40));
  }

  const LINKS = [["runbook_url", "runbook"], ["generator_url", "rule"], ["dashboard_url", "dashboard"]];

  // Of what we found ourselves nobody gave a link: its runbook is here.
  const linked = (alert) => (isOwn(alert) ? { ...alert, runbook_url: new URL(`/runbooks/${encodeURIComponent(alert.subject.alert)}`, location.href).href } : alert);

  const links = (alert, names = LINKS.map(([, text]) => text)) =>
    LINKS.filter(([key, text]) => names.includes(text) && /^https?:/i.test(linked(alert)[key])).map(([key, text]) =>
      h("a", { key, href: linked(alert)[key], target: "_blank", rel: "noopener noreferrer" }, text),
    );

  const dotted = (parts) => parts.filter(Boolean).flatMap((part, i) => [i > 0 && " · ", part]);

  // What Alertmanager was asked, and for how long it will be silent yet.
  function silence({ silence: asked }, view) {
    if (!asked) return "";
    const left = asked.until === null ? 0 : asked.until - rw.live.now();
    return words.sentence(`${words.plain(asked.said, 300)}${left > 0 ? ` for ${words.roughly(left)} more` : ""}`, view.offset);
  }

  function acknowledged({ acknowledged: held }, view) {
    if (!held) return null;
    const note = held.note ? `: ${words.plain(held.note, 400)}` : "";
    const told = [words.sentence(` since ${clockOf(view, held.at)}${note}`, view.offset), silence(held, view)];
    return h("p", { key: "known", className: "known" }, h("b", null, `${words.plain(held.by, 30)} knows`), told.filter(Boolean).join(" "));
  }

  // Of when the numbers are, where they are not of what is shown beside them.
  function asOf({ said_at: at }, view) {
    const apart = words.known(at) ? Math.abs(view.frame.at - at) : 0;
    return apart > Math.max(SAID, 2 * view.frame.tick) ? `as of ${clockOf(view, at)}` : "";
  }

  const begun = (alert, view) => `since ${clockOf(view, alert.since)}`;
  const name = (alert) => words.plain(alert.subject.alert, 60);

  function details(alert, view) {
    return h(
      "div",
      { key: "more", id: `alert-${alert.id}`, className: "more" },
      alert.description && h("p", { key: "description" }, words.plain(alert.description, 1000)),
      h("p", { key: "facts", className: "faint" }, ...dotted([name(alert), ...subject(alert.subject, view), isOwn(alert) && OWN, begun(alert, view), ...links(alert)])),
      acknowledged(alert, view),
    );
  }

  // One line; the rest when it is asked for. Where it is hidden, what was typed into it is kept.
  function Firing({ alert, view, mixed, hidden }) {
    const [open, turn] = React.useState(false);
    const held = alert.acknowledged;
    const toggle = h(
      "button",
      { type: "button", className: "unfold", "aria-expanded": open, "aria-controls": `alert-${alert.id}`, onClick: () => turn(!open) },
      h("strong", null, words.plain(alert.summary || alert.subject.alert, 300)),
    );
    const facts = [name(alert), ...subject(alert.subject, view), mixed && isOwn(alert) && OWN];
    return h(
      "li",
      { className: `alert ${alert.severity} ${open ? "open" : ""}`, hidden },
      h("span", { className: "word" }, alert.severity.toUpperCase()),
      h(
        "div",
        { className: "said-of" },
        toggle,
        h("span", { className: "as-of" }, asOf(alert, view)),
        !open && h("span", { className: "faint cut" }, facts.filter(Boolean).join(" · ")),
        !open && links(alert, ["runbook"]),
      ),
      held && h("span", { className: "knows" }, `${words.plain(held.by, 30)} knows`),
      h("p", { className: "since", title: begun(alert, view) }, lasted(view, alert.since, rw.live.now())),
      !rw.moment && h(rw.Acknowledge, { alert }),
      open && details(alert, view),
    );
  }

  // "RoomsJoinBudgetBurning ×3 · RoomsProbeOverrun"
  function kinds(alerts) {
    const counts = new Map();
    for (const alert of alerts) counts.set(name(alert), (counts.get(name(alert)) || 0) + 1);
    return [...counts].map(([each, n]) => (n > 1 ? `${each} ×${n}` : each)).join(" · ");
  }

  function fold(key, alerts, text, open, turn) {
    const told = h("button", { type: "button", className: "unfold", "aria-expanded": open, onClick: () => turn(!open) }, h("b", null, text));
    return alerts.length > 0 && h("li", { key, className: "folded" }, told, h("span", { className: "faint cut" }, kinds(alerts)));
  }

  // Those first of which nobody knows, and of these one of each kind.
  function byNeed(alerts) {
    const kind = new Map();
    const turn = (alert) => {
      const before = kind.get(name(alert)) || 0;
      kind.set(name(alert), before + 1);
      return before;
    };
    const ranked = [...alerts].sort((a, b) => Boolean(a.acknowledged) - Boolean(b.acknowledged)).map((alert) => [alert, turn(alert)]);
    return ranked.sort(([a, i], [b, j]) => Boolean(a.acknowledged) - Boolean(b.acknowledged) || i - j).map(([alert]) => alert);
  }

  // Pages are lines; the rest opens: tickets, and pages beyond a few.
  function Lines({ firing, view }) {
    const [pagesOpen, turnPages] = React.useState(false);
    const [ticketsOpen, turnTickets] = React.useState(false);
    const pages = byNeed(firing.filter((alert) => alert.severity !== TICKET)).slice(0, MOST);
    const tickets = firing.filter((alert) => alert.severity === TICKET).slice(0, MOST);
    const few = PAGES[Number(rw.narrow())];
    const first = pages.length <= few + 1 ? pages.length : few; // one alone is no longer than its fold
    const mixed = !firing.every(isOwn);
    const line = (hidden) => (alert) => h(Firing, { key: alert.id, alert, view, mixed, hidden });
    return h(
      "ul",
      { className: "entries firing" },
      ...pages.map((alert, i) => line(i >= first && !pagesOpen)(alert)),
      fold("pages", pages.slice(first), many(pages.length - first, "more page", "more pages"), pagesOpen, turnPages),
      fold("tickets", tickets, many(tickets.length, TICKET, "tickets"), ticketsOpen, turnTickets),
      ...tickets.map(line(!ticketsOpen)),
    );
  }

  const ENDINGS = {
    resolved: "",
    over: "",
    unheard: "not heard of since; whether it ended is not known",
  };

  const line = (key, time, ...text) => h("li", { key, className: "entry" }, h("span", { className: "num" }, time), h("span", null, ...text));

  function ended(alert, view) {
    const how = ENDINGS[alert.ending] ? ` · ${ENDINGS[alert.ending]}` : "";
    const known = alert.acknowledged ? ` · ${words.plain(alert.acknowledged.by, 30)} knew${alert.acknowledged.note ? `: ${words.plain(alert.acknowledged.note, 200)}` : ""}` : "";
    return line(
      alert.id,
      `${clockOf(view, alert.since)}–${clockOf(view, alert.ended_at)}`,
      h("b", null, name(alert)),
      ` ${words.plain(alert.summary, 200)} · ${lasted(view, alert.since, alert.ended_at)}${how}${known}`,
    );
  }

  function note(each, view) {
    const kind = each.kind === "announcement" ? "announced" : "noted";
    return line(each.id, clockOf(view, each.at), h("b", null, `${words.plain(each.by, 30)} ${kind}`), `: ${words.plain(each.text, 600)}`);
  }

  function watchdog(heard, view) {
    const settings = rw.settings.alertmanager;
    if (rw.moment) return { late: false, text: "" };
    if (!heard) return { late: false, text: settings.asked ? "Prometheus’ watchdog was never heard" : "" };
    const age = Math.max(0, rw.live.now() - heard.heard_at);
    return { late: age > settings.watchdog, text: `Prometheus’ watchdog was heard ${words.duration(Math.max(1, Math.round(age)))} ago` };
  }

  function past(alerts, notes, view) {
    if (!alerts.length && !notes.length) return null;
    const entries = [...alerts.map((alert) => [alert.ended_at, ended(alert, view)]), ...notes.map((each) => [each.at, note(each, view)])];
    const said = [alerts.length && many(alerts.length, "alert ended lately", "alerts ended lately"), notes.length && many(notes.length, "earlier note", "earlier notes")];
    return h("details", { key: "past", className: "rejected" }, h("summary", null, said.filter(Boolean).join(", ")), h("ul", { className: "entries" }, ...entries.sort((a, b) => b[0] - a[0]).map(([, entry]) => entry)));
  }

  rw.text("alerts", (view) => {
    const { alerts, notes, watchdog: heard } = rw.timeline(view);
    const firing = alerts.filter(isFiring);
    const sign = watchdog(heard, view);
    const fresh = notes.slice(0, UNFOLDED).filter((each) => rw.live.now() - each.at < FRESH);
    const quiet = !firing.length && !fresh.length;
    const own = firing.length > 0 && firing.every(isOwn);
    rw.notes("alerts", [firing.length ? `${firing.length} firing` : "none fires", own && `by ${OWN}`, !sign.late && sign.text].filter(Boolean).join(" · "), "");
    return [
      sign.late && h("p", { key: "late", className: "late" }, `${sign.text}: until it is heard again, Prometheus or Alertmanager may be gone, and nobody may be paged.`),
      firing.length > 0 && h(Lines, { key: "firing", firing, view }),
      fresh.length > 0 && h("ul", { key: "notes", className: "entries" }, ...fresh.map((each) => note(each, view))),
      h(
        "div",
        { key: "foot", className: quiet ? "quiet written" : "written" },
        past(alerts.filter((alert) => !isFiring(alert)), notes.slice(fresh.length), view),
        !rw.moment && h(rw.WriteNote, { services: view.services.map((service) => service.name) }),
      ),
    ];
  });
})();
