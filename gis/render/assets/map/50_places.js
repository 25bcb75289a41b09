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
  if (!arealplan.placesOn) return;
  const deeper = view.zoom - arealplan.firstZoom;
  const taken = [];
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
    const box = [x - half, y - size * 0.75, x + half, y + size * 0.75];
    if (taken.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1])) continue;
    taken.push(box);
    arealplan.placed.push(place.name);
    ctx.strokeStyle = "rgba(246,244,239,0.92)";
    ctx.lineWidth = 3.5;
    ctx.strokeText(place.name, x, y);
    ctx.fillStyle = place.water ? "#2F5D7C" : "#1E2328";
    ctx.fillText(place.name, x, y);
  }
};
