// Files that the page writes itself: the table as shown, a layer as GeoJSON. Nothing is fetched;
// the reader's own browser makes the file from what already stands in the page.
arealplan.save = (name, type, text) => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = arealplan.el("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};

// A cell's text in the page's language, whether it is in sight or not.
arealplan.cellText = (cell) => {
  const own = cell.querySelector(`[lang="${arealplan.lang}"]`);
  return (own || cell).textContent.trim();
};

// A number as written in the page's language; NaN for words such as "under 10".
arealplan.readNumber = (text) => {
  const plain = text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-");
  const point = arealplan.lang === "nb" ? plain.replace(",", ".") : plain.replaceAll(",", "");
  return /^-?\d+(\.\d+)?(%|m|km²|m²)?$/.test(point) ? Number.parseFloat(point) : NaN;
};

// The rows in sight, in the order in sight. Semicolons and decimal commas in Norwegian, as
// spreadsheets there read them; numbers without spaces. Text that a spreadsheet would take for
// a formula gets an apostrophe.
arealplan.csv = (table) => {
  const nb = arealplan.lang === "nb", separator = nb ? ";" : ",";
  const kept = (cell) => !cell.classList.contains("show");
  const quoted = (text) => (/["\r\n]/.test(text) || text.includes(separator)
    ? `"${text.replaceAll('"', '""')}"` : text);
  const plain = (cell) => {
    const text = arealplan.cellText(cell);
    const number = cell.classList.contains("number") && !Number.isNaN(arealplan.readNumber(text));
    if (number) {
      const bare = text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-");
      return nb ? bare : bare.replaceAll(",", "");
    }
    return quoted(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  };
  const rows = [table.tHead.rows[0], ...[...table.tBodies[0].rows].filter((row) => !row.hidden)];
  const lines = rows.map((row) => [...row.cells].filter(kept).map(plain).join(separator));
  return `\ufeff${lines.join("\r\n")}\r\n`;
};

// One layer as the page shows it: RFC 7946, degrees, five decimals, protected numbers as words.
arealplan.geojson = (layer) => {
  const features = [];
  const count = layer.circles ? layer.circles.X.length : layer.shapes.size;
  for (let f = 0; f < count; f++) {
    if (layer.gone?.has(f)) continue;
    const geometry = layer.circles ? circleOf(layer.circles, f) : geometryOf(layer.shapes, f);
    const row = layer.circles ? 0 : f;
    features.push({ type: "Feature", geometry, properties: propertiesOf(layer, row) });
  }
  return { type: "FeatureCollection", name: arealplan.pick(layer.title),
    about: arealplan.t("save.about", { metres: arealplan.number(Math.ceil(layer.tolerance), 0) }),
    page: arealplan.t("title"), features };
};

function propertiesOf(layer, feature) {
  const out = {};
  const names = new Set([...layer.fields.map((field) => field.name), layer.nameField]);
  for (const name of Object.keys(layer.columns).filter((key) => names.has(key))) {
    const value = layer.columns[name][feature];
    const field = layer.fields.find((one) => one.name === name);
    const word = field && typeof value !== "number" && field.kind !== "date";
    out[name] = value !== null && word ? arealplan.written(field, value) : value;
  }
  const own = layer.classes[layer.classOf[feature]];
  if (own.key !== "all") out.class_title = arealplan.pick(own.title);
  return out;
}

const degrees = (x, y) => {
  const { lng, lat } = arealplan.latlng(x, y);
  return [Number(lng.toFixed(5)), Number(lat.toFixed(5))];
};

function geometryOf(shapes, f) {
  const { X, Y, ring, part, kind } = shapes;
  const line = (r) => {
    const out = [];
    for (let i = ring[r]; i < ring[r + 1]; i++) out.push(degrees(X[i], Y[i]));
    return out;
  };
  if (kind === "point") {
    const spots = line(part[f]);
    return spots.length === 1 ? { type: "Point", coordinates: spots[0] }
      : { type: "MultiPoint", coordinates: spots };
  }
  if (kind === "line") {
    const lines = [];
    for (let r = part[f]; r < part[f + 1]; r++) lines.push(line(r));
    return lines.length === 1 ? { type: "LineString", coordinates: lines[0] }
      : { type: "MultiLineString", coordinates: lines };
  }
  const polygons = polygonsOf(shapes, f).map((rings) => rings
    .map((r, i) => turned(line(r), i === 0)).filter((points) => points.length > 3));
  const whole = polygons.filter((rings) => rings.length);
  return whole.length === 1 ? { type: "Polygon", coordinates: whole[0] }
    : { type: "MultiPolygon", coordinates: whole };
}

// The rings of each part of a feature, its outline first.
function polygonsOf(shapes, f) {
  shapes.firsts ||= starts(shapes.parts);
  const found = [];
  let low = 0, high = shapes.parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shapes.firsts[middle] < shapes.part[f]) low = middle + 1; else high = middle;
  }
  for (let p = low; shapes.firsts[p] < shapes.part[f + 1]; p++) {
    const rings = [];
    for (let r = shapes.firsts[p]; r < shapes.firsts[p + 1]; r++) rings.push(r);
    found.push(rings);
  }
  return found;
}

// Outlines run against the clock, holes with it.
function turned(points, outline) {
  let twice = 0;
  for (let i = 1; i < points.length; i++) {
    twice += points[i - 1][0] * points[i][1] - points[i][0] * points[i - 1][1];
  }
  return twice > 0 === outline ? points : points.reverse();
}

function circleOf({ X, Y, metres }, i) {
  const r = metres / arealplan.perUnit(Y[i]), points = [];
  for (let k = 0; k <= 64; k++) {
    const angle = (-2 * Math.PI * (k % 64)) / 64;
    points.push(degrees(X[i] + r * Math.cos(angle), Y[i] + r * Math.sin(angle)));
  }
  return { type: "Polygon", coordinates: [points] };
}

arealplan.startSave = () => {
  const stem = arealplan.config.name;
  for (const button of document.querySelectorAll("button[data-csv]")) {
    const id = button.dataset.csv;
    button.addEventListener("click", () => {
      const table = document.getElementById(id);
      arealplan.save(`${stem}-${id}.csv`, "text/csv;charset=utf-8", arealplan.csv(table));
    });
  }
  for (const button of document.querySelectorAll("button[data-geojson]")) {
    button.addEventListener("click", async () => {
      const layer = arealplan.layers.get(button.dataset.geojson);
      await layer.ready();
      const text = JSON.stringify(arealplan.geojson(layer));
      arealplan.save(`${stem}-${layer.id}.geojson`, "application/geo+json", text);
    });
  }
};
