// Find what lies under a click, in every layer at once, topmost first; outlines (units, plans
// around a place) come after what fills the place.
arealplan.hits = (latlng, side) => {
  const scale = 2 ** arealplan.map.getZoom();
  const [x, y] = arealplan.project(latlng.lng, latlng.lat);
  const found = [];
  for (const layer of arealplan.visible(side).reverse()) {
    if (!layer.interactive || !layer.shapes || layer.circles) continue;
    let own = 0;
    for (let f = 0; f < layer.shapes.size && own < 3; f++) {
      if (!layer.gone?.has(f) && arealplan.covers(layer, f, x, y, scale)) { found.push({ layer, feature: f }); own++; }
    }
  }
  const late = ({ layer }) => Number(layer.symbol === "outline");
  return found.sort((a, b) => late(a) - late(b)).slice(0, 10);
};

arealplan.covers = (layer, f, x, y, scale) => {
  const { shapes } = layer, b = 4 * f, near = 8 / scale;
  const reach = shapes.kind === "polygon" ? 0 : shapes.kind === "line" ? near : 12 / scale;
  if (x < shapes.box[b] - reach || x > shapes.box[b + 2] + reach
    || y < shapes.box[b + 1] - reach || y > shapes.box[b + 3] + reach) return false;
  if (shapes.kind === "polygon") return holds(shapes, f, x, y);
  return nearest(shapes, f, x, y) <= reach;
};

function holds(shapes, f, x, y) {
  const { X, Y, ring, part } = shapes;
  let odd = false;
  for (let r = part[f]; r < part[f + 1]; r++) {
    odd = odd !== crossed(X, Y, ring[r], ring[r + 1], x, y);
  }
  return odd;
}

// Whether a ray from the point crosses a ring an odd number of times.
function crossed(X, Y, start, end, x, y) {
  let odd = false;
  for (let i = start + 1; i < end; i++) {
    if (Y[i] > y !== Y[i - 1] > y
      && x < ((X[i - 1] - X[i]) * (y - Y[i])) / (Y[i - 1] - Y[i]) + X[i]) odd = !odd;
  }
  return odd;
}

function nearest(shapes, f, x, y) {
  const { X, Y, ring, part } = shapes;
  let best = Infinity;
  for (let r = part[f]; r < part[f + 1]; r++) {
    for (let i = ring[r]; i < ring[r + 1]; i++) {
      const j = Math.max(i - 1, ring[r]);
      const dx = X[i] - X[j], dy = Y[i] - Y[j], length = dx * dx + dy * dy;
      const t = length ? Math.min(1, Math.max(0, ((x - X[j]) * dx + (y - Y[j]) * dy) / length)) : 0;
      best = Math.min(best, Math.hypot(X[j] + t * dx - x, Y[j] + t * dy - y));
    }
  }
  return best;
}

// Where a level line at y lies inside a feature: pairs of x, sorted.
function inside(shapes, f, y) {
  const { X, Y, ring, part } = shapes;
  const cuts = [];
  for (let r = part[f]; r < part[f + 1]; r++) {
    for (let i = ring[r] + 1; i < ring[r + 1]; i++) {
      if (Y[i] > y !== Y[i - 1] > y) {
        cuts.push(((X[i - 1] - X[i]) * (y - Y[i])) / (Y[i - 1] - Y[i]) + X[i]);
      }
    }
  }
  return cuts.sort((p, q) => p - q);
}

// The middle of the widest stretch of a level line inside a feature, between two bounds.
function widest(shapes, f, y, west, east) {
  const cuts = inside(shapes, f, y);
  let best = { wide: 0, x: 0 };
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const wide = cuts[i + 1] - cuts[i], x = (cuts[i] + cuts[i + 1]) / 2;
    if (wide > best.wide && x >= west && x <= east) best = { wide, x };
  }
  return best;
}

// A point inside a feature: the middle of its widest crossing at one of five heights.
arealplan.within = (shapes, f) => {
  const { X, Y, ring, part, box } = shapes, b = 4 * f;
  if (shapes.kind !== "polygon") {
    const first = ring[part[f]];
    const middle = first + Math.floor((ring[part[f] + 1] - first) / 2);
    return [X[middle], Y[middle]];
  }
  let best = { wide: 0, x: (box[b] + box[b + 2]) / 2, y: (box[b + 1] + box[b + 3]) / 2 };
  for (const share of [0.5, 0.37, 0.63, 0.21, 0.79]) {
    const y = box[b + 1] + share * (box[b + 3] - box[b + 1]);
    const found = widest(shapes, f, y, -Infinity, Infinity);
    if (found.wide > best.wide) best = { ...found, y };
  }
  return [best.x, best.y];
};

// One point in every part of a polygon, with the room around it.
arealplan.partPoints = (shapes, f) => {
  const { X, Y, ring, part } = shapes, found = [];
  for (let r = part[f]; r < part[f + 1]; r++) {
    const [west, north, east, south] = arealplan.box(X, Y, ring[r], ring[r + 1]);
    const y = (north + south) / 2, { wide, x } = widest(shapes, f, y, west, east);
    // A hole's ring finds the land beside it, which its own part has found already.
    if (wide > 0 && crossed(X, Y, ring[r], ring[r + 1], x, y)) {
      found.push({ x, y, wide, high: south - north });
    }
  }
  return found;
};
