// What every layer says of one place, whether it is switched on or not.
// An answer is { layer, state, hits, near }: hits are { feature, metres }, near tells that an
// outline lies closer than the map's simplified geometry can vouch for.
arealplan.answers = (lon, lat) => {
  const [x, y] = arealplan.project(lon, lat);
  const here = { x, y, lon, lat, outside: inLayer("outside", x, y), sea: inLayer("sea", x, y) };
  return arealplan.config.ask.map((id) => arealplan.layers.get(id))
    .filter((layer) => layer?.shapes && !layer.silent)
    .map((layer) => (layer.ask.kind === "nearest" ? nearestOf(layer, here) : holdersOf(layer, here)));
};

function inLayer(id, x, y) {
  const layer = arealplan.layers.get(id);
  if (!layer?.shapes) return false;
  for (let f = 0; f < layer.shapes.size; f++) {
    if (arealplan.covers(layer, f, x, y, 1)) return true;
  }
  return false;
}

function nearestOf(layer, here) {
  const { shapes } = layer, [east, north] = arealplan.working(here.lon, here.lat);
  let best = null;
  layer.planar ||= planarOf(shapes);
  for (let f = 0; f < shapes.size; f++) {
    if (layer.gone?.has(f)) continue;
    for (let i = shapes.ring[shapes.part[f]]; i < shapes.ring[shapes.part[f + 1]]; i++) {
      const metres = Math.hypot(layer.planar[2 * i] - east, layer.planar[2 * i + 1] - north);
      if (!best || metres < best.metres) best = { feature: f, metres };
    }
  }
  return { layer, state: best ? "nearest" : "none", hits: best ? [best] : [], near: false };
}

// Points in the working CRS, so that distances are those of the analyses.
function planarOf({ X, Y }) {
  const out = new Float64Array(2 * X.length);
  for (let i = 0; i < X.length; i++) {
    const place = arealplan.latlng(X[i], Y[i]);
    out.set(arealplan.working(place.lng, place.lat), 2 * i);
  }
  return out;
}

function holdersOf(layer, here) {
  const { x, y } = here, hits = [];
  if (layer.circles) return circlesOf(layer, here);
  for (let feature = 0; feature < layer.shapes.size; feature++) {
    // A slider hides its other steps from the map, not from the answer.
    const hidden = layer.step === undefined && layer.gone?.has(feature);
    if (!hidden && arealplan.covers(layer, feature, x, y, 1)) {
      hits.push({ feature });
    }
  }
  // Of a hazard's classes a place has the worst, which stands first.
  hits.sort((a, b) => layer.classOf[a.feature] - layer.classOf[b.feature]);
  if (layer.ask.worst) hits.splice(1);
  const rest = layer.ask.rest && arealplan.layers.get(layer.ask.rest);
  const near = edgeWithin(layer, here) || Boolean(rest?.shapes && edgeWithin(rest, here));
  return { layer, state: hits.length ? "hit" : silenceOf(layer, here), hits, near };
}

// Of circles drawn around points what counts is the distance itself.
function circlesOf(layer, here) {
  const found = nearestOf(layer.circles.of, here).hits[0];
  const inside = found && found.metres <= layer.circles.metres;
  const near = Boolean(found) && Math.abs(found.metres - layer.circles.metres) <= 1;
  return { layer, near, state: inside ? "hit" : silenceOf(layer, here),
    hits: inside ? [{ feature: 0 }] : [] };
}

function silenceOf(layer, here) {
  if (here.outside) return "outside";
  if (layer.ask.land && here.sea) return "sea";
  if (layer.ask.rest && inLayer(layer.ask.rest, here.x, here.y)) return "not_mapped";
  return layer.ask.silence;
}

function edgeWithin(layer, { x, y }) {
  const { shapes } = layer, reach = layer.tolerance / arealplan.perUnit(y);
  for (let f = 0; f < shapes.size; f++) {
    const b = 4 * f;
    if (layer.gone?.has(f) || x < shapes.box[b] - reach || x > shapes.box[b + 2] + reach
      || y < shapes.box[b + 1] - reach || y > shapes.box[b + 3] + reach) continue;
    if (nearest(shapes, f, x, y) <= reach) return true;
  }
  return false;
}

// The words for one feature: its name, its class, and what else the map tells of it.
arealplan.told = (layer, feature) => {
  const words = [];
  const add = (word) => { if (word && word !== "\u2013" && !words.includes(word)) words.push(word); };
  if (layer.nameField) add(String(layer.columns[layer.nameField][feature] ?? ""));
  const own = layer.classes[layer.classOf[feature]];
  if (own.key !== "all") add(arealplan.pick(own.title));
  for (const field of layer.fields) {
    if (field.name === layer.nameField || field.name === "cell_id") continue;
    const value = layer.columns[field.name][feature];
    if (value === null || value === "") continue;
    const written = arealplan.written(field, value);
    if (words.includes(written)) continue;
    if (layer.ask.kind === "grid") add(`${arealplan.pick(field.title)}: ${written}`);
    else if (["text", "code", "date"].includes(field.kind)) add(written);
  }
  return words.length ? words : [arealplan.t("ask.here")];
};

// Every layer that answers, and what tells land from sea and in from out, unpacked.
arealplan.readyToAsk = () => {
  const { ask, rest } = arealplan.config, wanted = new Set(["outside", "sea", ...ask, ...rest]);
  return Promise.all([arealplan.loadAddresses(),
    ...[...wanted].map((id) => arealplan.layers.get(id)?.ready())]);
};
