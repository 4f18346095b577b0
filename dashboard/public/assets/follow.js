// Asks for the same cacheable bytes again and again, and knows how old what it shows is by the server's clock alone.
const EVERY = 2000, SLOWEST = 20000;

function ago(seconds) {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

// Calls `show(document)` for each new page, `tell(words)` once a second with how old it is where it is old, and
// `fail(status)` where the first answer of all is none. Returns what ends it.
function follow(url, first, show, tell, fail) {
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
        if (!ended) show(main, page);
      }
      failed = 0;
    } catch (fault) {
      failed += 1;
      if (!shown) fail(fault > 0 ? fault : 0);
    }
    if (!ended) timer = setTimeout(again, Math.min(EVERY * 1.6 ** failed, SLOWEST) * (0.8 + 0.4 * Math.random()));
  }
  function again() {
    if (!document.hidden) ask();
    else document.addEventListener("visibilitychange", again, { once: true });
  }
  function age() {
    const old = shown && ahead !== undefined ? performance.now() / 1000 + ahead - shown.at : 0;
    tell(old > shown?.late ? `Last update ${ago(old)} ago` : "");
  }
  const clock = setInterval(age, 1000);
  ask();
  return () => { ended = true; clearTimeout(timer); clearInterval(clock); };
}

// Times of day in the reader's own time zone.
function localise(part) {
  for (const time of part.querySelectorAll("time[data-at]"))
    time.textContent = new Date(time.dataset.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
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
