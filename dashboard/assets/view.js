// What a panel sees: the newest frame, the service that was chosen, its past, and how to show times.
(() => {
  "use strict";
  const rw = (window.roomwatch = window.roomwatch || {});
  const parse = (id) => JSON.parse(document.getElementById(id).textContent);

  rw.h = React.createElement;
  rw.settings = parse("settings");
  rw.past = new rw.Past();
  rw.frame = null; // the newest frame

  // As on the public page: of what fails there is something to see, and to do.
  const BADNESS = { failing: 0, unknown: 1, strained: 2, ok: 3 };

  const worstFirst = (services) =>
    services
      .map((service, index) => [BADNESS[rw.stateOf(service)], index, service])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .map(([, , service]) => service);

  rw.stateOf = (service) => (service.state in BADNESS ? service.state : "unknown");

  // `choice` is a service's name, or "" for the worst one.
  rw.view = (choice) => {
    const frame = rw.frame;
    const services = worstFirst(frame ? frame.services : []);
    const service = services.find((each) => each.name === choice) || services[0] || null;
    const events = frame ? frame.events || [] : [];
    const event = service ? events.find((each) => each.service === service.name) || null : null;
    return {
      frame,
      services: choice ? services.filter((each) => each === service) : services,
      service,
      event,
      settings: service ? rw.settings.services[service.name] || null : null,
      series: service ? rw.past.of(service.name) : new rw.Series(),
      offset: service ? offsetOf(service, event) : 0,
    };
  };

  // A replay is shown in the event's own time zone, the present in the viewer's.
  function offsetOf(service, event) {
    if (rw.isReplay(service)) return (event && rw.settings.events[event.name]?.utc_offset) || 0;
    const time = service.service_time ?? service.observed_at;
    return -60 * (time ? new Date(time * 1000) : new Date()).getTimezoneOffset();
  }

  rw.isReplay = (service) => {
    if (service.pace !== null && service.pace !== undefined && Math.abs(service.pace - 1) > 0.05) return true;
    const { service_time: there, observed_at: here } = service;
    return there !== null && here !== null && Math.abs(there - here) > 6 * 3600;
  };

  // Each place on the page is one small React root; React writes text as text.
  const roots = new WeakMap();
  rw.draw = (place, ...tree) => {
    const element = typeof place === "string" ? rw.place(place) : place;
    if (!element) return;
    let root = roots.get(element);
    if (!root) roots.set(element, (root = ReactDOM.createRoot(element)));
    const show = () => root.render(rw.h(React.Fragment, null, ...tree));
    if (element.id) show();
    else ReactDOM.flushSync(show); // the first paint: Dash's scripts come next and take their time
  };

  // Dash's element once it is there; before that the same place of the first paint.
  rw.place = (id) => document.getElementById(id) || document.querySelector(`[data-first="${id}"]`);

  const say = (id, text) => {
    const element = rw.place(id);
    if (element && element.textContent !== text) element.textContent = text;
  };

  // What stands beside a chart's title, what it says to those who cannot see it, and what stands below it.
  rw.notes = (name, note, words, foot = "") => {
    say(`${name}-note`, note);
    say(`${name}-words`, words);
    say(`${name}-foot`, foot);
  };

  // The names of the text panels, in the order they are drawn; and Dash's functions for all of them.
  rw.texts = [];
  const functions = ((window.dash_clientside = window.dash_clientside || {}).roomwatch = {});

  rw.text = (name, write) => {
    const place = `${name}-body`;
    const draw = (choice) => rw.draw(place, ...[write(rw.view(choice))].flat());
    rw.texts.push(draw);
    functions[name] = (_frame, choice) => {
      rw.choice = choice || "";
      draw(rw.choice);
      return rw.frame ? rw.frame.seq : 0;
    };
  };

  rw.chart = (name, figure) => {
    functions[name] = (_frame, choice) => figure(rw.view(choice || ""));
  };

  const style = getComputedStyle(document.documentElement);
  rw.colour = (name) => style.getPropertyValue(`--${name}`).trim();
})();
