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
  for (const [x, y, w, h] of kept ? arealplan.bared(dx, dy, view) : [[0, 0, view.w, view.h]]) {
    const part = { ...view, ox: view.ox + x, oy: view.oy + y, w, h };
    c.save();
    c.beginPath();
    c.rect(x, y, w, h);
    c.clip();
    c.clearRect(x, y, w, h);
    arealplan.drawCells(c, layer, view, arealplan.inView(layer.shapes, part, layer.gone));
    c.restore();
  }
  layer.sheets.set(view.side, { key, canvas, ox: view.ox, oy: view.oy });
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(canvas, 0, 0);
  ctx.restore();
};
