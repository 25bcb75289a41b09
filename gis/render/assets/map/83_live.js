// The definition in the reader's hand. Nothing is worked out here: every position lies packed
// in the page, worded as the command line words it, and the controls only choose one.
arealplan.live = null;

arealplan.loadLive = async () => {
  const { controls } = arealplan.config;
  if (!controls.length || !document.getElementById("data-live")) return;
  const data = await arealplan.unpack("live");
  const sizes = controls.map((one) => one.options.length);
  arealplan.live = { data, sizes, at: arealplan.live?.at ?? data.chosen };
  await Promise.all(data.follow.map((one) => arealplan.layers.get(one.layer).ready()));
  for (const control of controls) {
    liveField(control).addEventListener("change", () => {
      arealplan.setLive(controls.map((one) => liveField(one).selectedIndex));
    });
  }
  document.getElementById("live-back").addEventListener("click", () => {
    showLive(data.chosen);
    liveField(controls[0]).focus();
  });
  document.getElementById("live").hidden = false;
  showLive(arealplan.live.at);
};

const liveField = (control) => document.getElementById(`live-${control.name}`);

// Place of a position among all: the first control counts slowest.
const livePlace = (indices, sizes) => indices.reduce((sum, at, i) => sum * sizes[i] + at, 0);

arealplan.setLive = (indices) => {
  showLive(livePlace(indices, arealplan.live.sizes));
};

arealplan.liveIndices = () => {
  const { at, sizes } = arealplan.live, out = [];
  let left = at;
  for (let i = sizes.length - 1; i >= 0; i--) {
    out.unshift(left % sizes[i]);
    left = Math.floor(left / sizes[i]);
  }
  return out;
};

function showLive(at) {
  const { live, config } = arealplan;
  live.at = at;
  arealplan.liveIndices().forEach((place, i) => {
    liveField(config.controls[i]).selectedIndex = place;
  });
  const own = at === live.data.chosen;
  document.getElementById("live-back").hidden = own;
  document.getElementById("live-note").hidden = own;
  for (const node of document.querySelectorAll("[data-live-own]")) node.hidden = own;
  liveTexts(live.data.positions[at]);
  for (const [id, table] of Object.entries(live.data.tables)) liveTable(id, table, at);
  // Circles stand around the points that are on, so they come after them.
  const late = (one) => Number(one.kind === "circles");
  for (const one of [...live.data.follow].sort((a, b) => late(a) - late(b))) liveFollow(one, at);
  arealplan.closePopup();
  arealplan.renderPlace();
  arealplan.renderer.request();
  arealplan.over.request();
  arealplan.writeHash();
}

// A packed text as Text: a number comes once, in English.
arealplan.unpackText = (packed) => {
  if (Array.isArray(packed)) return { nb: packed[0], en: packed[1] };
  if (!/^\u2212?[\d,]+(\.\d+)?%?$/.test(packed)) return { nb: packed, en: packed };
  const nb = packed.replaceAll(",", "\u202f").replace(".", ",").replace("%", "\u00a0%");
  return { nb, en: packed };
};

// Put a text in both languages where the template put one.
arealplan.put = (node, packed) => {
  const { nb, en } = arealplan.unpackText(packed);
  if (nb === en) {
    node.textContent = nb;
    return;
  }
  node.replaceChildren(...Object.entries({ nb, en }).map(([lang, text]) => {
    const span = arealplan.el("span", "", text);
    span.lang = lang;
    return span;
  }));
};

function liveTexts(position) {
  for (const [name, packed] of Object.entries(position)) {
    const nodes = [...document.querySelectorAll(`[data-live="${name}"]`)];
    if (name === "left_out") liveLeftOut(nodes[0], packed);
    else if (name === "params") liveParams(nodes[0], packed);
    else if (name === "notes") {
      nodes[0]?.replaceChildren(...packed.map((note) => {
        const line = arealplan.el("p", "small");
        arealplan.put(line, note);
        return line;
      }));
    } else if (Array.isArray(packed) && nodes.length === packed.length && nodes.length > 1) {
      nodes.forEach((node, i) => arealplan.put(node, packed[i]));
    } else {
      for (const node of nodes) {
        node.hidden = packed === null;
        if (packed !== null) arealplan.put(node, packed);
      }
    }
  }
}

// Which parameters there are hangs on the reading.
function liveParams(list, packed) {
  list?.replaceChildren(...packed.flatMap((pair) => pair.map((part, i) => {
    const node = arealplan.el(i ? "dd" : "dt");
    arealplan.put(node, part);
    return node;
  })));
}

function liveLeftOut(list, packed) {
  list.parentElement.hidden = !packed.length;
  list.replaceChildren(...packed.map((pair) => {
    const [text, count] = pair.map((part) => {
      const span = arealplan.el("span");
      arealplan.put(span, part);
      return span;
    });
    const line = arealplan.el("li");
    line.append(text, ": ", count);
    return line;
  }));
}

function liveTable(id, { columns, variants, of, rows, total }, at) {
  const table = document.getElementById(id);
  if (!table) return;
  const variant = variants[of[at]];
  if (rows) liveRows(table, variant, total);
  else arealplan.rowsOf(table).forEach((row, r) => columns.forEach((column, c) => {
    arealplan.put(row.cells[column], variant[c][r]);
  }));
  arealplan.resort(table);
}

// A table whose rows come and go is written anew.
function liveRows(table, variant, total) {
  const heads = [...table.tHead.rows[0].cells], count = variant[0].length;
  const made = Array.from({ length: count }, (_, r) => {
    const row = arealplan.el("tr", total && r === count - 1 ? "total" : "");
    row.append(...heads.map((head, c) => {
      const cell = arealplan.el(c ? "td" : "th", head.className);
      if (!c) cell.scope = "row";
      if (c < variant.length) arealplan.put(cell, variant[c][r]);
      return cell;
    }));
    return row;
  });
  table.tBodies[0].replaceChildren(...made);
  arealplan.rowsOf(table);
  arealplan.rowOrder.set(table, made);
  arealplan.filterAgain(table);
}

function liveFollow(one, at) {
  const layer = arealplan.layers.get(one.layer), readings = livePlace(
    [1, ...arealplan.live.sizes.slice(1).map(() => 0)], [1, ...arealplan.live.sizes.slice(1)]);
  const distance = Math.floor(at / readings), reading = at % readings;
  if (one.kind === "circles") {
    const of = arealplan.layers.get(one.of), on = [];
    for (let f = 0; f < of.shapes.size; f++) if (!of.gone?.has(f)) on.push(of.shapes.ring[f]);
    // Walked along streets what is within reach is no circle, and is not drawn.
    if (!one.round[reading]) on.length = 0;
    layer.silent = !one.round[reading];
    layer.circles = { of, metres: one.metres[distance],
      X: on.map((i) => of.shapes.X[i]), Y: on.map((i) => of.shapes.Y[i]) };
    if (layer.columns.max_m) layer.columns.max_m = layer.columns.max_m.map(() => one.metres[distance]);
    return;
  }
  const steps = [...one.step[reading]].map((digit) => Number.parseInt(digit, 36) <= distance);
  if (one.kind === "classes") {
    const place = (key) => layer.classes.findIndex((own) => own.key === key);
    const yes = place("true"), no = place("false");
    layer.classOf = steps.map((on) => (on ? yes : no));
  } else {
    layer.gone = new Set(steps.flatMap((on, f) => (on ? [] : [f])));
  }
  for (const [name, column] of Object.entries(one.columns)) {
    const values = column.variants[column.of[reading]];
    layer.columns[name] = one.within.includes(name)
      ? values.map((value, f) => (steps[f] ? value : null)) : values;
  }
  layer.own ||= Object.fromEntries(one.stale.map((name) => [name, layer.columns[name]]));
  for (const [name, values] of Object.entries(layer.own)) {
    layer.columns[name] = reading === one.chosen ? values : values.map(() => null);
  }
  liveLegend(layer);
}

// The legend counts what is on the map now; a class without members is not listed.
function liveLegend(layer) {
  const counts = layer.classes.map(() => 0);
  layer.classOf.forEach((c, f) => { if (!layer.gone?.has(f) && (layer.inside?.[f] ?? 1)) counts[c]++; });
  const lines = arealplan.boxOf(layer.id)?.closest("li").querySelectorAll(".classes li") || [];
  lines.forEach((line, c) => {
    line.hidden = counts[c] === 0;
    const told = line.querySelector(".count");
    if (told) arealplan.put(told, counts[c].toLocaleString("en-GB"));
  });
}

// The link's part: values by control, none at the map's own definition.
arealplan.liveHash = () => {
  const { live, config } = arealplan;
  if (!live?.data || live.at === live.data.chosen) return "";
  return arealplan.liveIndices().map((at, i) => config.controls[i].values[at]).join("~");
};

arealplan.readLive = (text) => {
  const { controls } = arealplan.config, given = text.split("~");
  if (!controls.length || given.length !== controls.length) return;
  const indices = controls.map((one, i) => one.values.indexOf(given[i]));
  if (indices.some((at) => at < 0)) return;
  const at = livePlace(indices, controls.map((one) => one.options.length));
  if (arealplan.live?.data) showLive(at);
  else arealplan.live = { at };
};

arealplan.labelLive = () => {
  for (const control of arealplan.config.controls) {
    [...liveField(control).options].forEach((option, i) => {
      option.textContent = arealplan.pick(control.options[i]);
    });
  }
};
