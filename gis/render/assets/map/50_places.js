// Place names: few at first view, more on zoom, none overlapping.
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
    const boxes = [0, -16, 16].map((dy) => (
      [x - half, y + dy - size * 0.75, x + half, y + dy + size * 0.75]));
    const free = boxes.filter((box) => !taken.some((other) => meet(box, other)));
    if (!free.length) continue;
    const box = free.find((b) => !symbols.some((other) => meet(b, other))) || free[0];
    const base = (box[1] + box[3]) / 2;
    taken.push(box);
    arealplan.placed.push(place.name);
    ctx.strokeStyle = "rgba(246,244,239,0.92)";
    ctx.lineWidth = 3.5;
    ctx.strokeText(place.name, x, base);
    ctx.fillStyle = place.water ? "#2F5D7C" : "#1E2328";
    ctx.fillText(place.name, x, base);
  }
};

const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

// Where point symbols stand, so that a name stands beside them where it can.
arealplan.symbolBoxes = (view) => {
  const boxes = [];
  for (const { shapes, title } of arealplan.visible(view.side)) {
    if (!shapes || shapes.kind !== "point" || shapes.size > 400 || !title) continue;
    for (let i = 0; i < shapes.X.length; i++) {
      const x = shapes.X[i] * view.scale - view.ox, y = shapes.Y[i] * view.scale - view.oy;
      boxes.push([x - 6, y - 6, x + 6, y + 6]);
    }
  }
  return boxes;
};
