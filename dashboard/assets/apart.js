// Words on a chart that do not meet: each is moved where there is room, the less important ones are left out.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const GAP = 3; // pixels between two
  const HEIGHT = 15; // of a line of words at size 11
  const STEP = 17;
  const [LEFT, RIGHT, TOP, BOTTOM] = [46, 8, 30, 26]; // the figure's margins
  const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

  const pen = document.createElement("canvas").getContext("2d");

  // How wide a text is that is inert already.
  rw.widthOf = (text, size = 11) => {
    pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    return pen.measureText(text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity])).width;
  };

  // The plot inside a figure, in pixels.
  rw.plotSize = (name) => {
    const place = rw.place(`${name}-figure`);
    const box = place ? place.getBoundingClientRect() : { width: 0, height: 0 };
    return { width: Math.max(100, (box.width || 800) - LEFT - RIGHT), height: Math.max(60, (box.height || 260) - TOP - BOTTOM) };
  };

  const SIDES = { left: 0, center: 0.5, middle: 0.5, right: 1, top: 0, bottom: 1 };

  function boxOf(label, { across, up, size }) {
    const long = rw.widthOf(label.text, label.font.size) + 4;
    const [width, height] = label.textangle ? [HEIGHT, long] : [long, HEIGHT];
    const arrow = label.showarrow !== false;
    const x = (label.xref === "paper" ? label.x : across(label.x)) * size.width + (arrow ? label.ax || 0 : 0);
    const y = (1 - (label.yref === "paper" ? label.y : up(label.y))) * size.height + (arrow ? label.ay || 0 : 0);
    const left = x - width * (SIDES[label.xanchor] ?? 0.5);
    const top = y - height * (SIDES[label.yanchor] ?? 0.5);
    return { left, right: left + width, top, bottom: top + height };
  }

  // One of two that say the same of nearly the same time is enough.
  const isSaid = (box, text, taken) => taken.some((other) => other.text === text && Math.abs(other.left - box.left) < 2 * HEIGHT);
  const meet = (a, b) => a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom + GAP && b.top < a.bottom + GAP;

  // Where else a label may stand: an arrow's words higher or lower, or on its other side; others likewise.
  function* places(label) {
    yield label;
    const arrow = label.showarrow !== false;
    const other = { left: "right", right: "left" }[label.xanchor];
    for (const away of [1, -1, 2, -2, 3, -3]) {
      if (!arrow) {
        const there = { ...label, yshift: -away * STEP * (label.textangle ? 2 : 1) };
        if (other && away === 1) yield { ...label, xanchor: other };
        yield there;
        if (other) yield { ...there, xanchor: other };
      } else {
        yield { ...label, ay: label.ay + away * STEP };
        if (other) yield { ...label, xanchor: other, ax: -label.ax, ay: label.ay + away * STEP };
      }
    }
  }

  // Those of `labels`, the most important first, for which there is room inside the plot. `across` and `up`
  // give where a value on an axis is, from 0 to 1.
  rw.apart = (labels, plot) => {
    const taken = [];
    const { width, height } = plot.size;
    const free = (box) => box.left >= -2 && box.right <= width + RIGHT && box.top >= -HEIGHT / 2 && box.bottom <= height && !taken.some((other) => meet(box, other));
    return labels.flatMap((label) => {
      if (isSaid(boxOf(label, plot), label.text, taken)) return [];
      for (const place of places(label)) {
        const box = boxOf(place, plot);
        const shift = place.yshift || 0;
        const moved = { ...box, top: box.top - shift, bottom: box.bottom - shift };
        if (free(moved)) {
          taken.push({ ...moved, text: label.text });
          return [place];
        }
      }
      return [];
    });
  };
})();
