// What fires, who knows of it, what ended lately, and what people wrote down.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const SHOWN = 12; // that fire
  const FRESH = 3600; // seconds for which the newest notes stand unfolded
  const UNFOLDED = 3;
  const SOURCES = { own: "Roomwatch’s own evaluation" };

  const clockOf = (view, at) => words.clock(rw.serviceTime(view, at), view.offset);
  const lasted = (view, from, to) => words.duration(Math.max(1, Math.round(rw.serviceTime(view, to) - rw.serviceTime(view, from))));

  // Whose line of rooms it is: people know a room by its title, not by our id.
  function roomOf(lineage, service) {
    const told = service && service.relocations.find((each) => each.lineage === lineage);
    return told ? `“${words.plain(told.from.title || told.from.room, 38)}”` : lineage;
  }

  function subject({ service, node, room, lineage, probe, what }, view) {
    const seen = view.services.find((each) => each.name === service);
    const parts = [service, node && (seen ? rw.nodeName(seen, node) : node), room, probe, what, lineage && roomOf(lineage, seen)];
    return parts.filter(Boolean).map((part) => words.plain(part, 40)).join(" · ");
  }

  const LINKS = [["runbook_url", "runbook"], ["generator_url", "rule"], ["dashboard_url", "dashboard"]];

  const links = (alert) =>
    LINKS.filter(([key]) => /^https?:/i.test(alert[key])).map(([key, text]) => h("a", { key, href: alert[key], target: "_blank", rel: "noopener noreferrer" }, text));

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

  function Firing({ alert, view }) {
    const now = rw.live.now();
    return h(
      "li",
      { className: `alert ${alert.severity}` },
      h("span", { className: "word" }, alert.severity.toUpperCase()),
      h(
        "div",
        { className: "said-of" },
        h("p", null, h("strong", null, words.plain(alert.summary || alert.subject.alert, 300))),
        h("p", { className: "faint" }, ...[words.plain(alert.subject.alert, 60), subject(alert.subject, view), SOURCES[alert.source], ...links(alert)].filter(Boolean).flatMap((part, i) => [i > 0 && " · ", part])),
        acknowledged(alert, view),
      ),
      h("p", { className: "since" }, `since ${clockOf(view, alert.since)} · ${lasted(view, alert.since, now)}`),
      !rw.moment && h(rw.Acknowledge, { alert }),
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
      h("b", null, words.plain(alert.subject.alert, 60)),
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

  const many = (n, one, more) => `${n} ${n === 1 ? one : more}`;

  function past(alerts, notes, view) {
    if (!alerts.length && !notes.length) return null;
    const entries = [...alerts.map((alert) => [alert.ended_at, ended(alert, view)]), ...notes.map((each) => [each.at, note(each, view)])];
    const said = [alerts.length && many(alerts.length, "alert ended lately", "alerts ended lately"), notes.length && many(notes.length, "earlier note", "earlier notes")];
    return h("details", { key: "past", className: "rejected" }, h("summary", null, said.filter(Boolean).join(", ")), h("ul", { className: "entries" }, ...entries.sort((a, b) => b[0] - a[0]).map(([, entry]) => entry)));
  }

  rw.text("alerts", (view) => {
    const { alerts, notes, watchdog: heard } = rw.timeline(view);
    const firing = alerts.filter((alert) => alert.ended_at === null);
    const sign = watchdog(heard, view);
    const fresh = notes.slice(0, UNFOLDED).filter((each) => rw.live.now() - each.at < FRESH);
    const quiet = !firing.length && !fresh.length;
    rw.notes("alerts", [firing.length ? `${firing.length} firing` : "none fires", !sign.late && sign.text].filter(Boolean).join(" · "), "");
    return [
      sign.late && h("p", { key: "late", className: "late" }, `${sign.text}: until it is heard again, Prometheus or Alertmanager may be gone, and nobody may be paged.`),
      firing.length > 0 && h("ul", { key: "firing", className: "entries" }, ...firing.slice(0, SHOWN).map((alert) => h(Firing, { key: alert.id, alert, view }))),
      firing.length > SHOWN && h("p", { key: "more", className: "faint" }, `${firing.length - SHOWN} more in /api/v1/timeline`),
      fresh.length > 0 && h("ul", { key: "notes", className: "entries" }, ...fresh.map((each) => note(each, view))),
      h(
        "div",
        { key: "foot", className: quiet ? "quiet written" : "written" },
        past(alerts.filter((alert) => alert.ended_at !== null), notes.slice(fresh.length), view),
        !rw.moment && h(rw.WriteNote, { services: view.services.map((service) => service.name) }),
      ),
    ];
  });
})();
