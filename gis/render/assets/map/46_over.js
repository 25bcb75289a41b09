// A second canvas over the first, for what changes often: what the pointer is over, the place
// asked about, a line that is being measured, the cross of the keyboard.
arealplan.hovered = null;
arealplan.pin = null;

arealplan.Over = arealplan.Canvas.extend({
  draw() {
    const view = this.view(), ctx = this.clear(view);
    const hovered = arealplan.hovered;
    if (hovered?.layer._map && arealplan.onSide(hovered.layer, view.side)) {
      arealplan.outline(ctx, hovered, view, [["#FFFFFF", 4], ["#1E2328", 1.6]]);
    }
    arealplan.drawMeasured(ctx, view);
    if (arealplan.pin) drawPin(ctx, arealplan.pin, view);
    if (arealplan.cross) drawCross(ctx, view);
    arealplan.drawGhost(ctx, view);
  },
});

function drawPin(ctx, [px, py], view) {
  const x = px * view.scale - view.ox, y = py * view.scale - view.oy;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.bezierCurveTo(x - 3, y - 11, x - 9, y - 14, x - 9, y - 20);
  ctx.arc(x, y - 20, 9, Math.PI, 0);
  ctx.bezierCurveTo(x + 9, y - 14, x + 3, y - 11, x, y);
  ctx.fillStyle = "#B3261E";
  ctx.fill();
  arealplan.strokes(ctx, [["#FFFFFF", 1.5]]);
  ctx.beginPath();
  ctx.arc(x, y - 20, 3.2, 0, 7);
  ctx.fillStyle = "#FFFFFF";
  ctx.fill();
}

function drawCross(ctx, view) {
  const centre = arealplan.map.getCenter();
  const [px, py] = arealplan.project(centre.lng, centre.lat);
  const x = px * view.scale - view.ox, y = py * view.scale - view.oy;
  ctx.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    ctx.moveTo(x + 4 * dx, y + 4 * dy);
    ctx.lineTo(x + 18 * dx, y + 18 * dy);
  }
  arealplan.strokes(ctx, [["#FFFFFF", 5], ["#1E2328", 2]]);
}

// An outline around one feature; nothing where it would be wider than the view.
arealplan.outline = (ctx, { layer, feature }, view, strokes) => {
  if (!layer.shapes || layer.gone?.has(feature)) return;
  const { shapes } = layer, b = 4 * feature;
  if ((shapes.box[b + 2] - shapes.box[b]) * view.scale > 1.1 * view.w) return;
  ctx.beginPath();
  if (shapes.kind === "point") {
    const i = shapes.ring[shapes.part[feature]];
    ctx.arc(shapes.X[i] * view.scale - view.ox, shapes.Y[i] * view.scale - view.oy, 12, 0, 7);
  } else arealplan.trace(ctx, shapes, feature, view, shapes.kind === "polygon");
  arealplan.strokes(ctx, strokes);
};

arealplan.strokes = (ctx, strokes) => {
  ctx.lineJoin = "round";
  for (const [colour, width] of strokes) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }
};

arealplan.startHover = () => {
  if (window.matchMedia("(hover: none)").matches) return;
  for (const pane of arealplan.panes) hoverOn(pane);
};

function hoverOn({ map, side }) {
  let waiting = null;
  const look = () => {
    const found = waiting && !arealplan.measured ? arealplan.hits(waiting, side)[0] || null : null;
    waiting = null;
    const old = arealplan.hovered;
    if (found?.layer === old?.layer && found?.feature === old?.feature) return;
    arealplan.hovered = found;
    map.getContainer().classList.toggle("over", Boolean(found));
    arealplan.over.request();
  };
  map.on("mousemove", (event) => {
    if (!waiting) requestAnimationFrame(look);
    waiting = event.latlng;
  });
  map.on("mouseout movestart", () => {
    waiting = null;
    arealplan.hovered = null;
    arealplan.over.request();
  });
}
