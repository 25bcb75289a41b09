// Unpack a layer: base64, gzip, JSON, then delta-coded integers to Web Mercator at zoom 0.
arealplan.unpack = async (id) => {
  const packed = document.getElementById(`data-${id}`).textContent.trim();
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};

arealplan.project = (lon, lat) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [
    (256 * (lon + 180)) / 360,
    256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)),
  ];
};

arealplan.latlng = (x, y) => L.latLng(
  (Math.atan(Math.sinh(Math.PI * (1 - y / 128))) * 180) / Math.PI,
  (x / 256) * 360 - 180,
);

// Metres on the ground for one unit of the projection, at a place's y.
arealplan.perUnit = (y) => 2 * Math.PI * 6378137 / 256 / Math.cosh(Math.PI * (1 - y / 128));

// West, north, east and south of some coordinates.
arealplan.box = (X, Y, start, end) => {
  let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
  for (let i = start; i < end; i++) {
    west = Math.min(west, X[i]); east = Math.max(east, X[i]);
    north = Math.min(north, Y[i]); south = Math.max(south, Y[i]);
  }
  return [west, north, east, south];
};

// shapes: X, Y per coordinate; ring[i] first coordinate of ring i; part[f] first ring of
// feature f (both one longer than their count); box four numbers per feature, ringBox per ring.
arealplan.decode = (coded) => {
  const count = coded.xy.length / 2;
  const X = new Float64Array(count), Y = new Float64Array(count);
  let lon = 0, lat = 0;
  for (let i = 0; i < count; i++) {
    lon += coded.xy[2 * i];
    lat += coded.xy[2 * i + 1];
    [X[i], Y[i]] = arealplan.project(lon / 1e5, lat / 1e5);
  }
  const points = coded.kind === "point";
  const ring = starts(points ? coded.features : coded.rings);
  const part = starts(points ? coded.features.map(() => 1) : coded.features);
  const size = coded.features.length;
  const box = new Float64Array(4 * size);
  for (let f = 0; f < size; f++) {
    box.set(arealplan.box(X, Y, ring[part[f]], ring[part[f + 1]]), 4 * f);
  }
  const ringBox = new Float64Array(4 * (ring.length - 1));
  for (let r = 0; r + 1 < ring.length; r++) {
    ringBox.set(arealplan.box(X, Y, ring[r], ring[r + 1]), 4 * r);
  }
  return { kind: coded.kind, size, X, Y, ring, part, box, ringBox, parts: coded.parts };
};

function starts(lengths) {
  const out = new Int32Array(lengths.length + 1);
  lengths.forEach((n, i) => { out[i + 1] = out[i] + n; });
  return out;
}
