// <room-watch panel="concurrency" theme="dark"></room-watch>, the same from a script's own attributes, and frames
// of ours that are as high as what is in them.
const script = document.currentScript;
const base = new URL("./", script.src).href;
const SERVICE = /^[a-z0-9._-]{0,64}$/, PANEL = /^[a-z]{1,16}$/, THEME = /^(light|dark|auto)$/;

class RoomWatch extends HTMLElement {
  static observedAttributes = ["panel", "service", "theme", "accent", "bg", "text"];

  #end = null;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    this.#start();
  }
  disconnectedCallback() {
    this.#end?.();
    this.#end = null;
  }
  attributeChangedCallback() {
    if (this.#end) this.#start();
  }
  get #url() {
    const panel = this.getAttribute("panel") || "", service = this.getAttribute("service") || "";
    const theme = this.getAttribute("theme") || "auto";
    if (!PANEL.test(panel) || !SERVICE.test(service) || !THEME.test(theme)) return "";
    return `${base}${panel}${service && `@${service}`}${theme === "auto" ? "" : `/${theme}`}`;
  }
  #start() {
    this.#end?.();
    const url = this.#url, sheet = new CSSStyleSheet(), root = this.shadowRoot;
    root.adoptedStyleSheets = [sheet];
    if (!url) {
      this.#say("room-watch: expected panel=\"concurrency\" (or another panel), and theme light, dark or auto");
      this.#end = () => {};
      return;
    }
    const age = document.createElement("p");
    age.className = "age";
    let main = null;
    this.#end = follow(url, null, 2000, {
      show(fresh, page) {
        if (fresh.dataset.made !== main?.dataset.made) sheet.replaceSync(page.querySelector("style").textContent);
        localise(fresh);
        for (const link of fresh.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), base);
        main = fresh;
        root.replaceChildren(fresh, age);
      },
      tell: (seconds, late) => fade(main, age, seconds, late),
      fail: (status) => this.#say(status
        ? `room-watch: ${url} answered ${status}; is the panel public?`
        : `room-watch: ${url} does not answer, or this site may not read it (embed.origins)`),
    });
    colour(this.style, { get: (name) => this.getAttribute(name) });
  }
  #say(words) {
    const line = document.createElement("p");
    line.setAttribute("role", "status");
    line.textContent = words;
    this.shadowRoot.replaceChildren(line);
  }
}

if (!customElements.get("room-watch")) {
  customElements.define("room-watch", RoomWatch);
  addEventListener("message", (event) => {
    if (event.data?.roomwatch !== "height" || event.origin !== new URL(base).origin) return;
    for (const frame of document.querySelectorAll("iframe"))
      if (frame.contentWindow === event.source) frame.style.height = `${Math.min(Number(event.data.height) || 0, 2000)}px`;
  });
}
if (script.dataset.panel) {
  const panel = document.createElement("room-watch");
  for (const [name, value] of Object.entries(script.dataset)) panel.setAttribute(name, value);
  script.after(panel);
}
