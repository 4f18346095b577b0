// Asks for the same cacheable bytes again and again, and knows how old what it shows is by the server's clock alone.
function ago(seconds) {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

// Asks each `every` milliseconds. Calls `on.show(main, page)` for each new page, `on.tell(seconds, late, lost)` once a
// second with how old it is, whether that is old, and whether the last question had no answer, and `on.fail(status)`
// where the first answer of all is none. Returns what ends it.
function follow(url, first, every, on) {
  // Until the server's clock is known, the first page counts as new when it was loaded.
  let ahead = first ? first.at - performance.now() / 1000 : undefined;
  let shown = first, tag, failed = 0, timer, ended = false;

  async function ask() {
    try {
      // "no-cache" is a question with the tag that the browser knows, also to another origin.
      const answer = await fetch(url, { cache: "no-cache", credentials: "omit", signal: AbortSignal.timeout(8000) });
      if (!answer.ok) throw answer.status;
      const date = Date.parse(answer.headers.get("date"));
      const given = answer.headers.get("etag");
      if (date) ahead = date / 1000 + Number(answer.headers.get("age") || 0) - performance.now() / 1000;
      if (!given || given !== tag) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const main = page.querySelector("main");
        if (!main) throw 0;
        tag = given;
        shown = main.dataset;
        if (!date) ahead = shown.at - performance.now() / 1000;
        if (!ended) on.show(main, page);
      }
      failed = 0;
    } catch (fault) {
      failed += 1;
      if (!shown) on.fail?.(fault > 0 ? fault : 0);
    }
    if (!ended) timer = setTimeout(again, every * Math.min(1.6 ** failed, 10) * (0.8 + 0.4 * Math.random()));
  }
  function again() {
    if (!document.hidden) ask();
    else document.addEventListener("visibilitychange", again, { once: true });
  }
  function age() {
    if (!shown) return;
    const seconds = performance.now() / 1000 + ahead - shown.at;
    on.tell(seconds, seconds > shown.late, failed > 0);
  }
  const clock = setInterval(age, 1000);
  age();
  ask();
  return () => { ended = true; clearTimeout(timer); clearInterval(clock); };
}

// What is old is faded, and says so.
function fade(main, age, seconds, late) {
  const words = late ? `Last update ${ago(seconds)} ago` : "";
  main.classList.toggle("old", late);
  if (age.textContent !== words) age.textContent = words;
}

// Times of day in the reader's own time zone, with their day for who asks: a replay shows another one.
function localise(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  }
}

const COLOURS = { accent: ["--people"], bg: ["--card"], text: ["--text"] };

// Colours of one's own: three or six hexadecimal digits; anything else is passed over.
function colour(style, options) {
  for (const [name, properties] of Object.entries(COLOURS)) {
    const good = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(options.get(name) || "");
    for (const property of properties)
      if (good) style.setProperty(property, `#${good[1]}`);
      else style.removeProperty(property);
  }
}
