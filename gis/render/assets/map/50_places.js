// Place names: few at first view, more on zoom, none overlapping, each beside the symbols.
arealplan.places = [];
arealplan.placesOn = true;
arealplan.firstZoom = 11;

arealplan.loadPlaces = async () => {
  if (!document.getElementById("data-places")) return;
  arealplan.places = (await arealplan.unpack("places")).map(([name, rank, lon, lat, water]) => {
    const [x, y] = arealplan.project(lon, lat);
    return { name, rank, x, y, water };
  });
  arealplan.renderer.request();
};

arealplan.drawPlaces = (ctx, view) => {
  if (!arealplan.placesOn || arealplan.online) return;
  const deeper = Math.max(0, view.zoom - arealplan.firstZoom);
  const taken = [], symbols = arealplan.symbolBoxes(view);
  arealplan.placed = [];
  arealplan.placedAt = taken;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  for (const place of arealplan.places) {
    if (place.rank > 1 + deeper) continue;
    const x = place.x * view.scale - view.ox, y = place.y * view.scale - view.oy;
    if (x < 0 || y < 0 || x > view.w || y > view.h) continue;
    const size = place.rank === 0 ? 15 : 13;
    ctx.font = `${place.water ? "italic " : ""}${place.rank === 0 ? 600 : 500} ${size}px system-ui, "Segoe UI", sans-serif`;
    const half = ctx.measureText(place.name).width / 2 + 5;
    const box = standing(x, y, half, size * 0.75, { taken, symbols, frame: view.frame, first: !place.rank });
    if (!box) continue;
    const middle = (box[0] + box[2]) / 2, base = (box[1] + box[3]) / 2;
    taken.push(box);
    arealplan.placed.push(place.name);
    ctx.strokeStyle = "rgba(246,244,239,0.92)";
    ctx.lineWidth = 3.5;
    ctx.strokeText(place.name, middle, base);
    ctx.fillStyle = place.water ? "#2F5D7C" : "#1E2328";
    ctx.fillText(place.name, middle, base);
  }
};

// Where a name stands: on its place, over or under it, or aside. Each step away costs, each of
// many symbols covered costs. No name but the first covers the few symbols that a reader looks
// for, or is cut by the edge of the map. Null where there is no room.
const AWAY = [[0, 0, 0], [0, -1, 0.5], [0, 1, 0.5], [1, 0, 3], [-1, 0, 3],
  [1, -1, 6], [1, 1, 6], [-1, -1, 6], [-1, 1, 6]];
const FIRM = 100;

function standing(x, y, half, rise, { taken, symbols, frame, first }) {
  let best = null, least = first ? Infinity : FIRM;
  for (const [across, down, away] of AWAY) {
    const cx = x + across * (half + 7), cy = y + down * (rise + 7);
    const box = [cx - half, cy - rise, cx + half, cy + rise];
    if (taken.some((other) => meet(box, other))) continue;
    const start = away + (cuts(frame, box) ? FIRM : 0);
    const cost = symbols.reduce((sum, one) => sum + (meet(box, one.box) ? one.weight : 0), start);
    if (cost < least) [best, least] = [box, cost];
  }
  return best;
}

// A box that is partly inside a frame; the canvas is larger than the map, and has more names.
const cuts = (frame, box) => meet(frame, box) && !(box[0] >= frame[0] && box[1] >= frame[1]
  && box[2] <= frame[2] && box[3] <= frame[3]);

const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

// Where point symbols stand; one of few, such as a station, weighs as much as can be.
arealplan.symbolBoxes = (view) => {
  const boxes = [];
  for (const { shapes, title } of arealplan.visible(view.side)) {
    if (!shapes || shapes.kind !== "point" || shapes.size > 400 || !title) continue;
    const weight = shapes.size <= 40 ? FIRM : 1;
    for (let i = 0; i < shapes.X.length; i++) {
      const x = shapes.X[i] * view.scale - view.ox, y = shapes.Y[i] * view.scale - view.oy;
      boxes.push({ box: [x - 6, y - 6, x + 6, y + 6], weight });
    }
  }
  return boxes;
};
