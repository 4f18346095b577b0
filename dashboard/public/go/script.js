// Looks every few seconds where the event is, and goes there when there is a room to go to.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const main = document.querySelector("main");
  const here = "/go/" + encodeURIComponent(main.dataset.event);
  const FIRST = 1000, EVERY = 3000, LATEST = 15000;
  let failed = 0, timer = 0, going = false;

  // Not all at once: a room that opens would be run down by those who wait for it.
  const soon = (most) => Math.random() * most;

  function show(told) {
    document.title = told.title;
    main.dataset.state = told.state;
    $("heading").textContent = told.heading;
    $("line").textContent = told.line;
    $("starts").hidden = told.state !== "before" || told.starts_at === null;
    const link = $("link"), url = told.url || told.last;
    link.hidden = !url || !told.link;
    link.textContent = told.link;
    if (url && /^https?:/.test(url)) link.href = url;
  }

  function go(told) {
    going = true;
    const wait = Math.round(soon(told.spread_seconds));
    $("line").textContent = "We take you there now.";
    $("doing").textContent = wait > 1 ? `You go there in about ${wait} seconds, for many are on their way.` : "";
    setTimeout(() => {
      location.replace(here);
      setTimeout(() => { going = false; look(); }, LATEST); // it may have filled or ended meanwhile
    }, 1000 * wait);
  }

  async function look() {
    clearTimeout(timer);
    if (going) return;
    try {
      const answer = await fetch(here + ".json", { signal: AbortSignal.timeout(LATEST) });
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      failed = 0;
      main.classList.remove("away");
      show(told);
      if (told.url) return go(told);
      $("doing").textContent = "Looking again every few seconds. You can leave this page open.";
    } catch {
      failed += 1;
      main.classList.add("away");
      $("doing").textContent = "We get no answer at the moment. Trying again.";
    }
    timer = setTimeout(look, Math.min(LATEST, EVERY * 2 ** failed) + soon(2000));
  }

  const time = document.querySelector("time");
  function count() {
    const left = Math.ceil(Number(time.dataset.at) - Date.now() / 1000);
    const two = (n) => String(n).padStart(2, "0");
    const days = Math.floor(left / 86400), clock = `${two(Math.floor((left / 3600) % 24))}:${two(Math.floor((left / 60) % 60))}:${two(left % 60)}`;
    $("left").textContent = left > 0 ? `, in ${days ? `${days} ${days === 1 ? "day" : "days"} and ` : ""}${clock}` : "";
  }
  if (time) {
    const at = new Date(1000 * Number(time.dataset.at));
    time.textContent = at.toLocaleString([], { dateStyle: "long", timeStyle: "short" });
    count();
    setInterval(count, 1000);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  timer = setTimeout(look, FIRST + soon(2000));
})();
