// The state in one word, and why.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  function waitingFor(service) {
    const settings = rw.settings.services[service.name];
    const nodes = settings ? settings.nodes.map((node) => node.label || node.id) : [];
    return nodes.length ? `Waiting for the first answer from ${nodes.join(", ")}.` : "Waiting for the first answer.";
  }

  const CALM = { ok: "Nothing is wrong.", strained: "Strained.", failing: "Failing.", unknown: "Nothing is known." };

  function reasons(service) {
    const given = service.reasons.map((reason) => words.plain(reason, 400));
    if (given.length) return given;
    return [service.observed_at === null ? waitingFor(service) : CALM[rw.stateOf(service)]];
  }

  function promise(service) {
    const objective = rw.settings.objectives.join_success;
    const got = service.door ? service.door.success_ratio : null;
    if (got === null) return null;
    return `join success ${words.percent(got)} against ${words.percent(objective, 1).replace(".0%", "%")}`;
  }

  function first(service, named) {
    const [worst, ...others] = reasons(service);
    const state = rw.stateOf(service);
    return h(
      "div",
      { key: service.name, className: `state ${state}` },
      h("span", { className: "word" }, state.toUpperCase()),
      h("p", { className: "why" }, named && `${service.name}: `, h("strong", null, worst), others.length > 0 && ` ${others.join(" ")}`),
      h("p", { className: "promise" }, promise(service)),
    );
  }

  function other(service) {
    const state = rw.stateOf(service);
    return h(
      "div",
      { key: service.name, className: `state small ${state}` },
      h("span", { className: "word" }, state.toUpperCase()),
      h("p", { className: "why" }, `${service.name}: ${reasons(service)[0]}`),
    );
  }

  rw.text("banner", ({ services }) => {
    if (!services.length) {
      return h("div", { className: "state unknown" }, h("span", { className: "word" }, "UNKNOWN"), h("p", { className: "why" }, "Waiting for the first frame."));
    }
    return services.map((service, index) => (index ? other(service) : first(service, services.length > 1)));
  });
})();
