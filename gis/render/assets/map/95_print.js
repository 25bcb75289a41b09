// Print: a sheet with the map at a round scale, its legend, bar, north, date and sources. All of
// it is put back afterwards. The size is set before the browser lays out the paper, since a map
// that changes its size while it prints is cut.
arealplan.sheet = { paper: "A4", landscape: false, scale: null };
arealplan.SCALES = [10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 125, 150, 175, 200, 250, 300, 400,
  500, 750, 1000, 1500, 2000].map((thousands) => 1000 * thousands);
const PAPERS = { A4: [210, 297], A3: [297, 420] };
const MARGIN_MM = 10, PX_PER_MM = 96 / 25.4;
// A text of the sheet in both languages, since paper may be wanted in either; each language's
// own values fill its {places}.
const printText = (key, values = {}) => {
  const both = arealplan.texts[`print.${key}`];
  return Object.fromEntries(["nb", "en"].map((lang) => [lang,
    both[lang].replace(/\{(\w+)\}/g, (whole, name) => values[name]?.[lang] ?? values[name] ?? whole)]));
};

const both = (tag, text, className) => {
  const node = arealplan.el(tag, className);
  for (const lang of ["nb", "en"]) {
    const part = arealplan.el("span", "", text[lang]);
    part.lang = lang;
    node.append(part);
  }
  return node;
};

// Metres on the ground per CSS pixel of the map at zoom 0, eastward, on the ellipsoid at a latitude.
arealplan.groundAtZoom0 = (lat) => {
  const phi = (lat * Math.PI) / 180, e2 = 0.00669438002290;
  const prime = 6378137 / Math.sqrt(1 - e2 * Math.sin(phi) ** 2);
  return (2 * Math.PI * prime * Math.cos(phi)) / 256;
};

// The zoom at which the map on paper has a scale, and the scale that a zoom has.
arealplan.zoomOfScale = (scale, lat) => (
  Math.log2((arealplan.groundAtZoom0(lat) * 1000 * PX_PER_MM) / scale));
arealplan.scaleOfZoom = (zoom, lat) => (
  (arealplan.groundAtZoom0(lat) * 1000 * PX_PER_MM) / 2 ** zoom);

// Degrees from true north to grid north in the page's UTM zone (negative: it lies to the west).
arealplan.convergence = (lat, lon) => (
  (Math.atan(Math.tan(((lon - 6 * (arealplan.config.epsg % 100) + 183) * Math.PI) / 180) * Math.sin((lat * Math.PI) / 180)) * 180)
    / Math.PI);

// The largest round scale that shows all of some bounds on so many pixels.
arealplan.fittingScale = (bounds, width, height) => {
  const { map } = arealplan, lat = bounds.getCenter().lat;
  const a = map.project(bounds.getSouthWest(), 0), b = map.project(bounds.getNorthEast(), 0);
  const zoom = Math.log2(Math.min(width / Math.abs(b.x - a.x), height / Math.abs(b.y - a.y)));
  const needed = arealplan.scaleOfZoom(zoom, lat);
  return arealplan.SCALES.find((s) => s >= needed) ?? arealplan.SCALES.at(-1);
};

arealplan.setSheet = (given) => {
  const sheet = arealplan.sheet;
  if (given.paper in PAPERS) sheet.paper = given.paper;
  if ("landscape" in given) sheet.landscape = Boolean(given.landscape);
  if ("scale" in given) sheet.scale = given.scale >= 1000 ? Number(given.scale) : null;
  const form = document.querySelector(".printbox");
  if (!form) return;
  form.querySelector(`input[name=paper][value=${sheet.paper}]`).checked = true;
  form.querySelector(`input[name=lie][value=${sheet.landscape ? "lying" : "upright"}]`).checked = true;
  form.querySelector("select").value = sheet.scale ? String(sheet.scale) : "";
};

const choice = (name, value, label) => {
  const line = arealplan.el("label");
  const input = arealplan.el("input");
  Object.assign(input, { type: "radio", name, value });
  line.append(input, label);
  return line;
};

arealplan.printBox = () => {
  const box = arealplan.el("details", "printbox"), body = arealplan.el("div", "printbody");
  const paper = arealplan.el("fieldset"), lie = arealplan.el("fieldset");
  paper.append(both("legend", printText("paper")), choice("paper", "A4", "A4"),
    choice("paper", "A3", "A3"));
  lie.append(both("legend", printText("orientation")),
    choice("lie", "upright", both("span", printText("upright"))),
    choice("lie", "lying", both("span", printText("lying"))));
  const scale = arealplan.el("select"), line = both("label", printText("scale"));
  scale.id = "print-scale";
  line.htmlFor = scale.id;
  const first = arealplan.el("option", "", "");
  first.value = "";
  scale.append(first, ...arealplan.SCALES.filter((s) => s <= 150000).map((s) => {
    const option = arealplan.el("option", "", `1:${arealplan.number(s, 0)}`);
    option.value = String(s);
    return option;
  }));
  const start = both("button", printText("start"));
  start.type = "button";
  start.addEventListener("click", () => { box.open = false; window.print(); });
  body.append(paper, lie, line, scale, start);
  box.append(both("summary", printText("print")), body);
  body.addEventListener("change", () => arealplan.setSheet({
    paper: box.querySelector("input[name=paper]:checked").value,
    landscape: box.querySelector("input[name=lie]:checked").value === "lying",
    scale: Number(scale.value) || null,
  }));
  box.addEventListener("toggle", () => {
    first.textContent = printText("fitting")[arealplan.lang];
    for (const option of [...scale.options].slice(1)) {
      option.textContent = `1:${arealplan.number(Number(option.value), 0)}`;
    }
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    box.open = false;
    box.querySelector("summary").focus();
  });
  return box;
};

// The first sentence of a paragraph: what follows (the number of rows) is for the list of sources.
const upToStop = (p) => {
  const nodes = [...p.childNodes];
  const stop = nodes.findIndex((n) => n.nodeType === Node.TEXT_NODE && /^\.\s/.test(n.data));
  return stop < 0 ? nodes : nodes.slice(0, stop);
};

// The strip below (or beside) the map: legend, scale, north, what and when.
arealplan.strip = () => {
  const strip = arealplan.el("div", "strip");
  const facts = arealplan.el("div", "facts");
  facts.append(arealplan.el("div", "scalebar"), arealplan.el("div", "north"));
  const legend = arealplan.el("div", "sheet-legend");
  const back = [];
  for (const part of document.querySelectorAll(".panel fieldset:has(.layers)")) {
    const place = document.createComment("");
    part.replaceWith(place);
    back.push([place, part]);
    legend.append(part);
  }
  const small = arealplan.el("div", "sheet-sources");
  const told = [...document.querySelectorAll(".panel .source")].map((source) => {
    const [title, owner, date] = source.querySelectorAll("p");
    const line = arealplan.el("span");
    const words = [title, owner, date].filter(Boolean).flatMap((p, k) => [k ? ", " : "",
      ...upToStop(p).map((n) => n.cloneNode(true))]);
    line.append(...words, ". ");
    return line;
  });
  small.append(both("strong", printText("sources")), ...told);
  const made = document.querySelector("footer p");
  if (made) small.append(...[...made.childNodes].map((n) => n.cloneNode(true)));
  const name = location.pathname.split("/").at(-1);
  if (name) small.append(` ${name}.`);
  strip.append(facts, both("h2", printText("legend")), legend);
  return { strip, small, back };
};

arealplan.drawFacts = (strip, scale, centre) => {
  const pixels = (metres) => (metres * 1000 * PX_PER_MM) / scale;
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].map((km) => 1000 * km);
  const length = steps.filter((m) => pixels(m) <= 180).at(-1) ?? steps[0];
  const bar = strip.querySelector(".scalebar");
  const title = both("strong", printText("scale_on", {
    scale: { nb: scale.toLocaleString("nb-NO").replace(/\s/g, "\u202f"), en: scale.toLocaleString("en-GB") },
    paper: arealplan.sheet.paper,
  }));
  const line = arealplan.el("div", "bar"), marks = arealplan.el("div", "marks");
  for (let k = 0; k < 2; k++) {
    const half = arealplan.el("span");
    half.style.width = `${pixels(length) / 2}px`;
    line.append(half);
  }
  marks.style.width = `${pixels(length)}px`;
  const unit = length >= 2000 ? [1000, "km"] : [1, "m"];
  for (const at of [0, length / 2, length]) {
    const mark = { nb: String(at / unit[0]).replace(".", ","), en: String(at / unit[0]) };
    if (at === length) for (const lang of ["nb", "en"]) mark[lang] += `\u00a0${unit[1]}`;
    marks.append(both("span", mark));
  }
  bar.replaceChildren(title, line, marks);
  const turn = arealplan.convergence(centre.lat, centre.lng);
  const degrees = Math.abs(turn).toFixed(1);
  const told = printText("north", {
    zone: String(arealplan.config.epsg % 100),
    degrees: { nb: degrees.replace(".", ","), en: degrees },
    side: printText(turn < 0 ? "west" : "east"),
  });
  strip.querySelector(".north").replaceChildren(arrow(), both("span", told));
};

const arrow = () => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 40", width: 24, height: 40,
    "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", "M12 12L20 38L12 31L4 38ZM8 9V1L16 9V1");
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "#1E2328");
  path.setAttribute("stroke-width", "1.6");
  svg.append(path);
  return svg;
};

const pageRule = new CSSStyleSheet();

// The height of each map: all the room, or what two maps one above the other get of it.
function mapHeight(frame, room) {
  const halves = [...frame.querySelectorAll(".half")];
  if (!halves.length) return Math.floor(room);
  const title = halves[0].querySelector("h2").getBoundingClientRect().height + 4;
  const stacked = halves[0].offsetLeft === halves[1].offsetLeft;
  return Math.floor(stacked ? room / 2 - title : room - title);
}

// Give a map its size anew, a view and a sharpness, and draw it.
function settle({ map, renderer }, { snap, padding, ratio }, centre, zoom) {
  map.options.zoomSnap = snap;
  renderer.options.padding = padding;
  renderer.ratio = ratio;
  map.invalidateSize({ animate: false, pan: false });
  map.setView(centre, zoom, { animate: false });
  renderer._update();
}

// Lay the page out as paper, and give the map what room the sheet has left.
arealplan.layOut = () => {
  const { map, sheet } = arealplan, box = map.getContainer();
  const frame = box.closest(".compare") || box;
  const [short, long] = PAPERS[sheet.paper];
  const [wide, high] = (sheet.landscape ? [long, short] : [short, long])
    .map((mm) => Math.floor((mm - 2 * MARGIN_MM) * PX_PER_MM));
  pageRule.replaceSync(
    `@page { size: ${sheet.paper} ${sheet.landscape ? "landscape" : "portrait"}; margin: ${MARGIN_MM}mm; }`);
  if (!document.adoptedStyleSheets.includes(pageRule)) {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, pageRule];
  }
  const root = document.documentElement;
  root.classList.add("printing");
  root.classList.toggle("lying", sheet.landscape);
  document.body.style.width = `${wide}px`;
  const { strip, small, back } = arealplan.strip();
  frame.after(strip, small);
  const bounds = arealplan.before.bounds.contains(arealplan.extent)
    ? arealplan.extent : arealplan.before.bounds;
  const centre = map.unproject(map.project(bounds.getSouthWest(), 0)
    .add(map.project(bounds.getNorthEast(), 0)).divideBy(2), 0);
  // Two maps of a place that is no wider than high are larger beside each other.
  const tall = map.project(bounds.getSouthEast(), 0).subtract(map.project(bounds.getNorthWest(), 0));
  root.classList.toggle("abreast", sheet.landscape || tall.x < 1.18 * tall.y);
  arealplan.drawFacts(strip, 50000, centre);
  const top = frame.getBoundingClientRect().top - document.body.getBoundingClientRect().top;
  // A legend longer than the sheet is high stands in two columns.
  const rest = high - top - small.getBoundingClientRect().height;
  root.classList.toggle("crowded", sheet.landscape && strip.getBoundingClientRect().height > rest);
  const [beside, under] = [strip, small].map((part) => part.getBoundingClientRect().height + 6);
  const room = high - top - under - (sheet.landscape ? 0 : beside) - 10;
  const height = mapHeight(frame, Math.max(room, 0.42 * high));
  for (const pane of arealplan.panes) pane.map.getContainer().style.height = `${height}px`;
  const width = box.clientWidth;
  const scale = sheet.scale ?? arealplan.fittingScale(bounds, width - 12, height - 12);
  arealplan.drawFacts(strip, scale, centre);
  const zoom = arealplan.zoomOfScale(scale, centre.lat);
  arealplan.panes.forEach((pane) => settle(pane, { snap: 0, padding: 0, ratio: 3 }, centre, zoom));
  arealplan.printed = { scale, width, height, wide, high };
  return { added: [strip, small], back };
};

arealplan.startPrint = () => {
  document.querySelector(".page nav")?.append(arealplan.printBox());
  arealplan.setSheet({});
  window.addEventListener("beforeprint", () => {
    if (arealplan.before) return;
    const { map, renderer } = arealplan;
    arealplan.before = { bounds: map.getBounds(), centre: map.getCenter(), zoom: map.getZoom(),
      ratio: renderer.ratio, snap: map.options.zoomSnap, padding: renderer.options.padding,
      hash: location.hash, online: arealplan.online,
      closed: [...document.querySelectorAll(".panel details:not([open])")] };
    for (const details of arealplan.before.closed) details.open = true;
    arealplan.closePopup();
    // Paper does not wait for tiles: the sheet has our own base map.
    if (arealplan.online) arealplan.setOnline(null);
    Object.assign(arealplan.before, arealplan.layOut());
  });
  window.addEventListener("afterprint", () => {
    const { before } = arealplan;
    if (!before) return;
    arealplan.before = null;
    for (const [place, part] of before.back) place.replaceWith(part);
    for (const part of before.added) part.remove();
    document.documentElement.classList.remove("printing", "lying", "crowded", "abreast");
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== pageRule);
    document.body.style.removeProperty("width");
    for (const pane of arealplan.panes) pane.map.getContainer().style.removeProperty("height");
    for (const details of before.closed) details.open = false;
    arealplan.panes.forEach((pane) => settle(pane, before, before.centre, before.zoom));
    if (before.online) arealplan.setOnline(before.online);
    history.replaceState(null, "", before.hash || location.pathname);
  });
};
