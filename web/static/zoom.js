"use strict";
// Where time is the axis, a span of it can be dragged out: the page is asked again with its beginning and its end in the
// address. What is printed, read aloud, and seen without this script is the server's own picture.

const LOOK = ["--open", "--soft", "--line"];
// As uPlot takes them: every so many seconds, the form, and what stands below it where the year, or the day, is another.
const HOUR = 3600, DAY = 24 * HOUR;
const TICKS = [
  [28 * DAY, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [DAY, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [HOUR, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
];

function written(value, unit) {
  if (unit === "share") return `${Number((100 * value).toFixed(1))} %`;
  return value.toLocaleString("en") + (unit === "seconds" ? " s" : "");
}

// A browser's zones may be older than the server's; then the server's picture is all there is.
function known(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

function drawn(figure, told) {
  const starts = told.begins.slice(0, -1);
  const [mark, soft, line] = LOOK.map((name) => getComputedStyle(figure).getPropertyValue(name));
  const ink = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };

  function choose(plot) {
    const { left, width } = plot.select;
    if (width < 3) return;
    const [from, to] = [left, left + width].map((at) => plot.posToVal(at, "x"));
    const inside = starts.flatMap((at, place) => (at >= from && at <= to ? [place] : []));
    if (!inside.length) return;
    const asked = new URLSearchParams(location.search);
    const ends = { since: told.begins[inside[0]], until: told.begins[inside.at(-1) + 1] };
    for (const [name, at] of Object.entries(ends)) {
      const given = asked.get(name) && Date.parse(asked.get(name)) / 1000; // a day that began before is not asked for in whole
      const bound = given ? Math[name === "since" ? "max" : "min"](given, at) : at;
      asked.set(name, new Date(1000 * bound).toISOString().replace(".000", ""));
    }
    asked.delete("cursor");
    location.assign(`${location.pathname}?${asked}`);
  }

  const plot = document.createElement("div");
  plot.className = "plot";
  plot.ariaHidden = "true";
  figure.prepend(plot);
  figure.classList.add("plotted");
  const size = () => ({ width: plot.clientWidth, height: 240 });
  const drawing = new uPlot({
    ...size(),
    tzDate: (at) => uPlot.tzDate(new Date(1000 * at), told.tz),
    cursor: { drag: { setScale: false }, y: false },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? 1.05 * most : 1] } },
    axes: [{ ...ink, values: TICKS }, { ...ink, size: 64, values: (_, ticks) => ticks.map((at) => written(at, told.unit)) }],
    series: [
      { value: (_, __, ___, at) => told.labels[at] ?? "–" },
      { label: told.name, stroke: mark, width: 2, points: { show: true, fill: mark }, value: (_, __, ___, at) => told.texts[at] || "–" },
    ],
    hooks: { setSelect: [choose] },
  }, [starts, told.values], plot);
  const resized = new ResizeObserver(() => drawing.setSize(size()));
  resized.observe(figure);
  return () => {
    resized.disconnect();
    drawing.destroy();
    plot.remove();
  };
}

// A finger scrolls, and has no drag to spare.
if (matchMedia("(any-pointer: fine)").matches) {
  for (const figure of document.querySelectorAll("[data-zoom]")) {
    const told = JSON.parse(figure.dataset.zoom);
    if (!known(told.tz)) continue;
    let remove = drawn(figure, told);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      remove();
      remove = drawn(figure, told);
    });
    const hint = document.createElement("span");
    hint.className = "second screen";
    hint.textContent = " · Drag over a span of time to look closer.";
    figure.querySelector("figcaption").append(hint);
  }
}
