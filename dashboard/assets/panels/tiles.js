// Five numbers at a glance.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  // A tile: what it is, the number, its exact value for whoever points at it, a line below, and their tones.
  const tile = (name, number, below, { tone = "", title, note = "" } = {}) =>
    h(
      "div",
      { key: name, className: "card tile" },
      h("h2", null, name),
      h("p", { className: `number ${tone}`, title }, number),
      h("p", { className: `below ${note}` }, below),
    );

  function inTheRoom({ service, series }) {
    const now = service.participants;
    const peak = highest(service, series);
    const options = { title: words.exact(now) };
    if (!service.complete) {
      const answering = service.nodes.filter((node) => node.answering).length;
      const silent = answering < service.nodes.length;
      const below = silent ? `${answering} of ${service.nodes.length} nodes answer` : "some rooms could not be counted";
      return tile("In the room", words.people(now), below, { ...options, note: "warn" });
    }
    if (now === null) return tile("In the room", words.NONE, "not known", options);
    const below = (peak ?? now) - now;
    if (peak > 0 && below / peak > 0.05) {
      const note = below / peak > 0.3 ? "bad" : "";
      return tile("In the room", words.people(now), `▼ ${words.people(below)} from the peak of ${words.people(peak)}`, { ...options, note });
    }
    const most = below / peak < 0.01 ? ", at its highest" : "";
    return tile("In the room", words.people(now), `${grown(series.growth(), now) || `in ${rooms(service.rooms_open)}`}${most}`, options);
  }

  // No frame may have caught the last answer before a room ended: its relocation has it.
  function highest(service, series) {
    const left = rw.standing(service).filter(({ at }) => at >= series.time[0]);
    return rw.peak([...series.participants, ...left.map((each) => each.participants_before)]);
  }

  // Said from one in a hundred on: less is the coming and going of any minute.
  function grown(change, now) {
    if (change === null || Math.abs(change) < 1 || Math.abs(change) < 0.01 * now) return null;
    return `${change > 0 ? "▲ +" : "▼ −"}${words.people(Math.abs(change))} in a minute`;
  }

  const rooms = (n) => (n === null ? "rooms not counted" : n === 1 ? "1 room" : `${words.people(n)} rooms`);

  function atTheDoor({ service, settings }) {
    const door = service.door;
    if (!door) return tile("At the door, estimated", words.NONE, rw.noDoor(settings));
    const seen = door.observer === "probe" ? " by our joins" : "";
    const parts = [words.known(door.tries_per_second) ? `${words.rate(door.tries_per_second)} tries/s${seen}` : "tries not counted"];
    if (words.known(door.tries_per_person)) parts.push(`${each(door.tries_per_person)} each`);
    if (door.storm) parts.unshift("retry storm");
    const title = door.waiting_basis ? words.sentence(words.plain(door.waiting_basis, 400)) : words.exact(door.waiting);
    return tile("At the door, estimated", words.people(door.waiting), parts.join(" · "), { title, note: door.storm ? "warn" : "" });
  }

  // The prober stops counting at 100.
  const each = (tries) => (tries >= 100 ? "100+" : words.rate(tries));

  // Amber below what is promised; red where a month's errors would be used up in two days.
  const FAST_BURN = 14.4;
  function tone(ratio) {
    const objective = rw.settings.objectives.join_success;
    if (ratio === null || ratio >= objective) return "";
    return 1 - ratio >= FAST_BURN * (1 - objective) ? "bad" : "warn";
  }

  function gotIn({ service, settings }) {
    const ratio = service.door ? service.door.success_ratio : null;
    const p95 = rw.peak(service.probes.filter((probe) => probe.name === "join").map((probe) => probe.p95 ?? null));
    const below = !service.door ? rw.noDoor(settings) : p95 === null ? "time to join not measured" : `join p95 ${words.duration(p95)}`;
    return tile("Joins that got in", words.percent(ratio), below, { tone: tone(ratio) });
  }

  const SOURCES = { service: "as the service says", config: "as configured", observed: "the most with whom joins went well, or that it held while they failed" };

  function timeToFull({ service }) {
    const free = service.headroom;
    const { source, seconds_to_full: left } = free;
    const soon = left !== null && left < 600 ? "warn" : "";
    return tile("Time to full", untilFull(free), room(free), { tone: soon, title: SOURCES[source] });
  }

  // "full", the range that is foretold, "never" where it does not grow enough, or nothing where that is not known.
  function untilFull({ ratio, growth, seconds_to_full: left, soonest, latest }) {
    if (left === 0) return "full";
    if (left === null) return ratio !== null && words.known(growth) ? "never" : words.NONE;
    return words.known(soonest) ? words.span(soonest, latest) : words.roughly(left);
  }

  function room({ capacity, ratio, growth, seconds_to_full: left }) {
    if (capacity === null) return "capacity not known";
    if (left === 0) return `capacity ${words.people(capacity)}`;
    if (ratio === null) return "headroom not known";
    const pace = left === null && words.known(growth) ? "at this pace · " : "";
    return `${pace}${words.percent(ratio, 0)} headroom of ${words.people(capacity)}`;
  }

  function relocations({ service }) {
    const all = rw.standing(service);
    const more = rw.moment && rw.frame.left_out[service.name] ? "+" : ""; // that were not kept
    const counted = `${all.filter(rw.counts).length}${more}`;
    if (!all.length) return tile("Relocations", counted, "no room has moved");
    const last = all[0];
    return tile("Relocations", counted, whereTo(last, all), { note: last.to ? "" : "bad" });
  }

  function whereTo(last, all) {
    const maybe = rw.isMaybe(last) ? "maybe " : "";
    if (last.cause === "overflowed") {
      const beside = all.filter((each) => each.cause === "overflowed" && each.lineage === last.lineage).length;
      return `${maybe}overflowed into ${beside} ${beside === 1 ? "room" : "rooms"}`;
    }
    const parts = [];
    if (!last.to) parts.push("no successor known");
    else if (words.known(last.carried_over)) parts.push(`${maybe}${words.whole(last.carried_over)} carried over`);
    if (last.dark_seconds > 0 && !maybe) parts.push(`${words.duration(last.dark_seconds)} dark`);
    return parts.join(" · ") || `${maybe}${words.plain(last.cause)}`;
  }

  const NAMES = ["In the room", "At the door, estimated", "Joins that got in", "Time to full", "Relocations"];

  rw.text("tiles", (view) => {
    const { service } = view;
    if (!service || service.observed_at === null) return NAMES.map((name) => tile(name, words.NONE, "no answer yet"));
    return [inTheRoom, atTheDoor, gotIn, timeToFull, relocations].map((make) => make(view));
  });
})();
