// A grid of many cells is drawn as an image that moves with the map: where the reader pans, what
// stood in the last view is copied, and only the cells of the edges that came into view are drawn.
arealplan.SHEET_CELLS = 1000;

// Paper wants the strokes themselves.
arealplan.asSheet = (layer) => layer.symbol === "grid"
  && layer.shapes.size >= arealplan.SHEET_CELLS && !arealplan.before;

// What a sheet hangs on beside the place; two maps side by side have one each.
const sheetKey = (layer, view, canvas) => [view.zoom, view.ratio, canvas.width, canvas.height,
  layer.classOf, layer.gone, layer.fade];

// The parts of a view that a copy moved by (dx, dy) leaves bare: x, y, width and height.
arealplan.bared = (dx, dy, { w, h }) => {
  if (Math.abs(dx) >= w || Math.abs(dy) >= h) return [[0, 0, w, h]];
  const parts = [];
  if (dx) parts.push([dx > 0 ? 0 : w + dx, 0, Math.abs(dx), h]);
  if (dy) parts.push([0, dy > 0 ? 0 : h + dy, w, Math.abs(dy)]);
  return parts;
};

// Draw anew what lies in one part of a view: nothing outside it is touched.
arealplan.inPart = (ctx, view, [x, y, w, h], draw) => {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w, h);
  ctx.clip();
  ctx.clearRect(x, y, w, h);
  draw({ ...view, edges: arealplan.edgesOf({ ...view, ox: view.ox + x, oy: view.oy + y, w, h }) });
  ctx.restore();
};

arealplan.drawSheet = (ctx, layer, view) => {
  layer.sheets ||= new Map();
  const key = sheetKey(layer, view, ctx.canvas), old = layer.sheets.get(view.side);
  const canvas = document.createElement("canvas");
  canvas.width = ctx.canvas.width;
  canvas.height = ctx.canvas.height;
  const c = canvas.getContext("2d");
  const dx = old ? old.ox - view.ox : 0, dy = old ? old.oy - view.oy : 0;
  const whole = [dx, dy].every((d) => Number.isInteger(d * view.ratio));
  const kept = whole && old?.key.every((part, i) => part === key[i]);
  if (kept) c.drawImage(old.canvas, dx * view.ratio, dy * view.ratio);
  c.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  for (const part of kept ? arealplan.bared(dx, dy, view) : [[0, 0, view.w, view.h]]) {
    arealplan.inPart(c, view, part, (seen) => arealplan.drawCells(c, layer, seen,
      arealplan.inView(layer.shapes, seen, layer.gone)));
  }
  layer.sheets.set(view.side, { key, canvas, ox: view.ox, oy: view.oy });
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(canvas, 0, 0);
  ctx.restore();
};

// All layers below the names. A pan copies what stays in view and draws only the edges that came
// into it; paper, another zoom or another set of layers is drawn whole.
arealplan.drawGround = (renderer, ctx, view, moved) => {
  const { width, height } = ctx.canvas, old = renderer.ground;
  const each = (c, seen) => {
    for (const layer of arealplan.visible(view.side)) {
      if (layer.shapes) renderer.drawn[layer.id] = arealplan.drawLayer(c, layer, seen);
    }
  };
  renderer.drawn = {};
  if (arealplan.before) {
    renderer.ground = null;
    each(ctx, view);
    return;
  }
  const canvas = document.createElement("canvas"), c = canvas.getContext("2d");
  Object.assign(canvas, { width, height });
  const key = [view.zoom, view.ratio, width, height];
  const dx = old ? old.ox - view.ox : 0, dy = old ? old.oy - view.oy : 0;
  const kept = moved && old?.key.every((part, i) => part === key[i])
    && [dx, dy].every((d) => Number.isInteger(d * view.ratio));
  if (kept) c.drawImage(old.canvas, dx * view.ratio, dy * view.ratio);
  c.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  if (!kept) each(c, view);
  else for (const part of arealplan.bared(dx, dy, view)) arealplan.inPart(c, view, part, (seen) => each(c, seen));
  renderer.ground = { key, canvas, ox: view.ox, oy: view.oy };
  if (kept) count(renderer, view);
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(canvas, 0, 0);
  ctx.restore();
};

// How many features of each layer are in view, where only some of them were drawn just now.
function count(renderer, view) {
  for (const layer of arealplan.visible(view.side)) {
    if (layer.shapes) renderer.drawn[layer.id] = arealplan.inView(layer.shapes, view, layer.gone).length;
  }
}
