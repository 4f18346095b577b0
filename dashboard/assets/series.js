// What was seen so far, as columns: one shared index a service, bounded, oldest first.
(() => {
  "use strict";
  const rw = (window.roomwatch = window.roomwatch || {});
  const MOST_POINTS = 800;
  const FINE_POINTS = 120; // the newest are never thinned
  const MOST_ROOMS = 24;
  const LONGEST = 4 * 3600; // seconds of service time
  const SIMPLE = ["seq", "at", "time", "participants", "complete", "tries", "success"];

  const keyOf = (node, id) => `${node}\u0000${id}`;
  const orNull = (x) => (x === undefined ? null : x);

  function timeOf(observation, at) {
    return observation.service_time ?? at;
  }

  class Series {
    constructor() {
      for (const name of SIMPLE) this[name] = [];
      this.errors = new Map(); // reason -> shares
      this.rooms = new Map(); // key -> {id, node, title, colour, participants}
      this.held = { state: null, since: null }; // the newest state, and since when, where its beginning was seen
    }

    get length() {
      return this.seq.length;
    }

    get newest() {
      return this.length ? this.at[this.length - 1] : 0;
    }

    columns() {
      const parts = SIMPLE.map((name) => this[name]);
      parts.push(...this.errors.values());
      for (const room of this.rooms.values()) parts.push(room.participants);
      return parts;
    }

    // A replay that starts again: what lies ahead of it has not happened.
    forgetAfter(time) {
      if (this.length && this.time[this.length - 1] > time) this.forgetState();
      while (this.length && this.time[this.length - 1] > time) {
        for (const column of this.columns()) column.pop();
      }
    }

    // What happened in the meantime may have begun another state.
    forgetState() {
      this.held = { state: null, since: null };
    }

    hold(state, time) {
      if (this.held.state !== state) this.held = { state, since: this.held.state && time };
    }

    push(point) {
      if (point.at <= this.newest) return;
      this.forgetAfter(point.time);
      if (point.state) this.hold(point.state, point.time);
      else this.forgetState();
      for (const name of SIMPLE) this[name].push(orNull(point[name]));
      const filled = this.length - 1;
      for (const [reason, share] of Object.entries(point.errors)) this.column(this.errors, reason, filled).push(share);
      for (const room of point.rooms) this.room(room, filled).participants.push(orNull(room.participants));
      for (const column of this.columns()) while (column.length < this.length) column.push(null);
      this.trim();
    }

    column(table, key, filled) {
      let column = table.get(key);
      if (!column) table.set(key, (column = new Array(filled).fill(null)));
      return column;
    }

    room({ id, node, title }, filled) {
      const key = keyOf(node, id);
      let room = this.rooms.get(key);
      if (!room) {
        room = { id, node, title, colour: null, participants: new Array(filled).fill(null) };
        this.rooms.set(key, room);
      }
      if (title) room.title = title;
      return room;
    }

    // Of `colours` colours one for each of these rooms: its own for as long as it is shown, and nobody else's.
    // Where several are new, the one that was there first has the first.
    paint(shown, colours) {
      for (const [key, room] of this.rooms) if (!shown.includes(key)) room.colour = null;
      const rooms = shown.map((key) => this.rooms.get(key));
      const free = new Set(Array(colours).keys());
      for (const room of rooms) free.delete(room.colour);
      const next = free.values();
      const opened = (room) => room.participants.findIndex((n) => n !== null);
      for (const room of rooms.sort((a, b) => opened(a) - opened(b))) room.colour ??= next.next().value;
    }

    trim() {
      const oldest = this.time[this.length - 1] - LONGEST;
      let gone = 0;
      while (this.time[gone] < oldest) gone += 1;
      if (gone) for (const column of this.columns()) column.splice(0, gone);
      if (this.length > MOST_POINTS) this.thin();
      for (const [key, room] of this.rooms) if (room.participants.every((n) => n === null)) this.rooms.delete(key);
      if (this.rooms.size > MOST_ROOMS) this.dropSmallest();
    }

    // Of every two older points keep the one that differs more from its neighbour; a gap stays a gap, and
    // the highest point of all.
    thin() {
      const total = this.participants;
      const most = peak(total);
      const keep = [];
      const until = this.length - FINE_POINTS;
      for (let i = 0; i + 1 < until; i += 2) {
        const before = keep.length ? total[keep[keep.length - 1]] : total[i];
        const change = (j) => (total[j] === null || before === null ? Infinity : Math.abs(total[j] - before));
        keep.push(total[i] === most || (total[i + 1] !== most && change(i) >= change(i + 1)) ? i : i + 1);
      }
      for (let i = until - (until % 2); i < this.length; i += 1) keep.push(i);
      for (const column of this.columns()) {
        const kept = keep.map((i) => column[i]);
        column.splice(0, column.length, ...kept);
      }
    }

    // Of the rooms that are gone first.
    dropSmallest() {
      const there = ([, room]) => room.participants[this.length - 1] !== null;
      const size = ([, room]) => peak(room.participants) ?? -1;
      const ranked = [...this.rooms].sort((a, b) => there(b) - there(a) || size(b) - size(a));
      for (const [key] of ranked.slice(MOST_ROOMS)) this.rooms.delete(key);
    }

    // By how much the total grew in the last minute; null where that is not known.
    growth() {
      const last = this.length - 1;
      const then = this.time.findLastIndex((time) => time <= this.time[last] - 60);
      const seconds = this.time[last] - this.time[then];
      const known = (i) => this.complete[i] && this.participants[i] !== null;
      if (then < 0 || seconds > 90 || !known(then) || !known(last)) return null;
      return ((this.participants[last] - this.participants[then]) * 60) / seconds;
    }

    // A recent window of this service: the points that are newer than ours.
    merge(window) {
      for (let i = 0; i < window.seq.length; i += 1) {
        const errors = {};
        for (const [reason, shares] of Object.entries(window.errors)) if (shares[i] !== null) errors[reason] = shares[i];
        const rooms = window.rooms
          .filter((room) => room.participants[i] !== null)
          .map((room) => ({ ...room, participants: room.participants[i] }));
        const point = { errors, rooms, state: window.state[i] };
        for (const name of SIMPLE) point[name] = window[name][i];
        this.push(point);
      }
    }
  }

  function peak(values) {
    let most = null;
    for (const value of values) if (value !== null && (most === null || value > most)) most = value;
    return most;
  }

  class Past {
    constructor() {
      this.services = new Map();
    }

    of(name) {
      let series = this.services.get(name);
      if (!series) this.services.set(name, (series = new Series()));
      return series;
    }

    add(frame) {
      for (const observation of frame.services) {
        const door = observation.door;
        this.of(observation.name).push({
          seq: frame.seq,
          at: frame.at,
          time: timeOf(observation, frame.at),
          state: observation.state,
          participants: observation.participants,
          complete: observation.complete,
          tries: door ? door.tries_per_second : null,
          success: door ? door.success_ratio : null,
          errors: door && door.success_ratio !== null ? door.errors : {},
          rooms: shown(observation),
        });
      }
    }

    merge(window) {
      for (const [name, columns] of Object.entries(window.services)) this.of(name).merge(columns);
    }
  }

  // The largest rooms, and those in a lineage however small; a room that ended has no line.
  function shown(observation) {
    const open = observation.rooms.filter((room) => room.state !== "ended");
    return [...open.slice(0, 12), ...open.slice(12).filter((room) => room.lineage)].slice(0, MOST_ROOMS);
  }

  Object.assign(rw, { Past, Series, peak, keyOf });
})();
