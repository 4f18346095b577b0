// The state in one word, and why.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  const CALM = { ok: "Nothing is wrong.", strained: "Strained.", failing: "Failing.", unknown: "Nothing is known." };

  function reasons(service, offset) {
    const given = service.reasons.map((reason) => words.sentence(words.plain(reason, 400), offset));
    if (service.observed_at === null) return [rw.waitingFor(service), ...given];
    return given.length ? given : [CALM[rw.stateOf(service)]];
  }

  // From when what is shown is, where no answer comes; else since when the state holds, where that was seen.
  function since(service, offset) {
    const now = service.service_time ?? service.observed_at;
    if (rw.saysItIsOld(service)) return `What you see is from ${words.clock(now, offset)}.`;
    const { state, since: begun } = rw.past.of(service.name).held;
    if (state !== service.state || begun === null || now === null) return null;
    return `since ${words.clock(begun, offset)} · ${words.duration(Math.max(1, Math.round(now - begun)))}`;
  }

  function first(service, offset, named) {
    const [worst, ...others] = reasons(service, offset);
    const state = rw.stateOf(service);
    return h(
      "div",
      { key: service.name, className: `state ${state} ${rw.isOld(service) ? "stale" : ""}` },
      h("span", { className: "word" }, state.toUpperCase()),
      h("p", { className: "why" }, named && `${service.name}: `, h("strong", null, worst), others.length > 0 && ` ${others.join(" ")}`),
      h("p", { className: "since" }, since(service, offset)),
    );
  }

  function other(service, offset) {
    const state = rw.stateOf(service);
    return h(
      "div",
      { key: service.name, className: `state small ${state} ${rw.isOld(service) ? "stale" : ""}` },
      h("span", { className: "word" }, state.toUpperCase()),
      h("p", { className: "why" }, `${service.name}: ${reasons(service, offset)[0]}`),
    );
  }

  rw.text("banner", ({ services, offset }) => {
    if (!services.length) {
      return h("div", { className: "state unknown" }, h("span", { className: "word" }, "UNKNOWN"), h("p", { className: "why" }, rw.waitingFor(null)));
    }
    return services.map((service, index) => (index ? other(service, offset) : first(service, offset, services.length > 1)));
  });
})();
