// Draw one layer. Returns how many features fell inside the canvas, for the tests.
arealplan.drawLayer = (ctx, layer, view) => {
  const inside = arealplan.inView(layer.shapes, view, layer.gone);
  if (layer.circles) circles(ctx, layer, view);
  else if (layer.shapes.kind === "polygon") polygons(ctx, layer, view, inside);
  else if (layer.shapes.kind === "line") lines(ctx, layer, view, inside);
  else points(ctx, layer, view, inside);
  return inside.length;
};

// gone: features that the page's present definition leaves out.
arealplan.inView = (shapes, view, gone) => {
  const edges = edgesOf(view), found = [];
  for (let f = 0; f < shapes.size; f++) {
    if (meets(shapes.box, 4 * f, edges) && !gone?.has(f)) found.push(f);
  }
  return found;
};

// A view with room for strokes around it: west, north, east, south, in the projection's units.
// A view of which only a part is drawn brings the edges of that part.
const edgesOf = ({ ox, oy, w, h, scale, edges }) => edges ?? [
  (ox - 20) / scale, (oy - 20) / scale, (ox + w + 20) / scale, (oy + h + 20) / scale];

arealplan.edgesOf = edgesOf;

const meets = (box, b, [west, north, east, south]) => box[b] <= east && box[b + 2] >= west
  && box[b + 1] <= south && box[b + 3] >= north;

const within = (box, b, [west, north, east, south]) => box[b] >= west && box[b + 2] <= east
  && box[b + 1] >= north && box[b + 3] <= south;

// A vertex less than half a pixel from the last one is passed over, and so is a ring that lies
// outside the view (a whole network of roads may be one feature) and a vertex beyond the same
// edge of the view as those before and after it: their triangle cannot be seen. Dashes are
// counted from the start of a line, so a dashed one keeps its length.
arealplan.trace = (ctx, shapes, f, view, close, dashed) => {
  const { part, ringBox } = shapes, edges = edgesOf(view);
  for (let r = part[f]; r < part[f + 1]; r++) {
    if (!meets(ringBox, 4 * r, edges)) continue;
    if (dashed || within(ringBox, 4 * r, edges)) whole(ctx, shapes, r, view);
    else seen(ctx, shapes, r, view, edges);
    if (close) ctx.closePath();
  }
};

function whole(ctx, { X, Y, ring }, r, view) {
  const first = ring[r], last = ring[r + 1] - 1;
  let atX = 0, atY = 0;
  for (let i = first; i <= last; i++) {
    const x = X[i] * view.scale - view.ox, y = Y[i] * view.scale - view.oy;
    if (i === first) ctx.moveTo(x, y);
    else if (i < last && Math.abs(x - atX) + Math.abs(y - atY) < 0.5) continue;
    else ctx.lineTo(x, y);
    atX = x;
    atY = y;
  }
}

// The same, one vertex late: whether it can be seen hangs on the one that follows.
function seen(ctx, { X, Y, ring }, r, view, [west, north, east, south]) {
  const first = ring[r], last = ring[r + 1] - 1;
  let atX = 0, atY = 0, drawn = 0, at = 0;
  for (let i = first; i <= last; i++) {
    const x = X[i] * view.scale - view.ox, y = Y[i] * view.scale - view.oy;
    const beyond = (X[i] < west ? 1 : X[i] > east ? 2 : 0) | (Y[i] < north ? 4 : Y[i] > south ? 8 : 0);
    if (i === first) {
      ctx.moveTo(x, y);
      drawn = beyond;
    } else {
      if (i < last && Math.abs(x - atX) + Math.abs(y - atY) < 0.5) continue;
      if (!(drawn & at & beyond)) {
        ctx.lineTo(atX, atY);
        drawn = at;
      }
    }
    atX = x;
    atY = y;
    at = beyond;
  }
  ctx.lineTo(atX, atY);
}

// Lines grow with the zoom, from six tenths at the far view to their full width.
function grown(width, view) {
  return width * Math.min(1.15, Math.max(0.6, 0.6 + (view.zoom - 10.5) * 0.13));
}

function polygons(ctx, layer, view, inside) {
  if (!view.edges && arealplan.asSheet(layer)) arealplan.drawSheet(ctx, layer, view);
  else arealplan.drawCells(ctx, layer, view, inside);
  for (const f of inside) mark(ctx, layer, f, view);
}

arealplan.drawCells = (ctx, layer, view, inside) => {
  const { shapes, classes } = layer, grid = layer.symbol === "grid";
  for (const f of inside) {
    const look = classes[layer.classOf[f]];
    const wide = (shapes.box[4 * f + 2] - shapes.box[4 * f]) * view.scale;
    const high = (shapes.box[4 * f + 3] - shapes.box[4 * f + 1]) * view.scale;
    if (wide < 3 && high < 3) {
      speck(ctx, layer, f, view, look);
      continue;
    }
    ctx.beginPath();
    arealplan.trace(ctx, shapes, f, view, true, look.dash);
    if (look.fill && layer.symbol !== "outline" && look.opacity !== 0) {
      ctx.globalAlpha = (look.opacity ?? 1) * (layer.fade ? layer.fade[f] : 1);
      ctx.fillStyle = look.fill;
      ctx.fill("evenodd");
      ctx.globalAlpha = 1;
    }
    if (look.hatch && look.hatch !== "none" && layer.symbol !== "outline") {
      ctx.globalAlpha = layer.fade ? layer.fade[f] : 1;
      ctx.fillStyle = arealplan.hatch(ctx, look.hatch, look.hatch_line || look.line, view);
      ctx.fill("evenodd");
    }
    if (look.line && !(grid && wide < 5)) stroke(ctx, look, view, grid ? 1 : 0);
    ctx.globalAlpha = 1;
  }
};

// What is smaller than three pixels is one dot of its colour; tens of thousands stay quick.
function speck(ctx, layer, f, view, look) {
  const { box } = layer.shapes;
  const filled = look.fill && layer.symbol !== "outline" && look.opacity !== 0;
  const colour = filled ? look.fill : look.line;
  if (!colour) return;
  if (ctx.fillStyle !== colour.toLowerCase()) ctx.fillStyle = colour;
  ctx.globalAlpha = filled ? (look.opacity ?? 1) * (layer.fade ? layer.fade[f] : 1) : 1;
  const x = box[4 * f] * view.scale - view.ox, y = box[4 * f + 1] * view.scale - view.oy;
  ctx.fillRect(x, y, Math.max(1, (box[4 * f + 2] - box[4 * f]) * view.scale),
    Math.max(1, (box[4 * f + 3] - box[4 * f + 1]) * view.scale));
  ctx.globalAlpha = 1;
}

function stroke(ctx, look, view, fixed) {
  ctx.strokeStyle = look.line;
  ctx.lineWidth = fixed ? look.width || 0.5 : grown(look.width || 1, view);
  ctx.setLineDash(look.dash || []);
  ctx.lineJoin = "round";
  ctx.stroke();
  ctx.setLineDash([]);
}

// A class's number stands in every part of a feature that has room for it.
function mark(ctx, layer, f, view) {
  const look = layer.classes[layer.classOf[f]];
  if (!look.mark) return;
  layer.marks ||= new Map();
  if (!layer.marks.has(f)) layer.marks.set(f, arealplan.partPoints(layer.shapes, f));
  ctx.font = "600 13px system-ui, sans-serif";
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = look.mark_colour || "#1E2328";
  for (const { x, y, wide, high } of layer.marks.get(f)) {
    if (wide * view.scale < 16 || high * view.scale < 18) continue;
    ctx.fillText(look.mark, x * view.scale - view.ox, y * view.scale - view.oy);
  }
}

function lines(ctx, layer, view, inside) {
  layer.classes.forEach((look, c) => {
    const own = inside.filter((f) => layer.classOf[f] === c);
    if (!own.length || view.zoom < (look.from_zoom ?? 0)) return;
    ctx.beginPath();
    for (const f of own) arealplan.trace(ctx, layer.shapes, f, view, false, look.dash || look.ticks);
    ctx.lineCap = look.dash ? "butt" : "round";
    ctx.globalAlpha = look.opacity ?? 1;
    if (look.casing) {
      ctx.strokeStyle = look.casing;
      ctx.lineWidth = grown(look.casing_width || 3, view);
      ctx.lineJoin = "round";
      ctx.stroke();
    }
    stroke(ctx, look, view, 0);
    if (look.ticks) {
      ctx.lineCap = "butt";
      ctx.strokeStyle = look.line;
      ctx.lineWidth = 5;
      ctx.setLineDash([1, 9]);
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.globalAlpha = 1;
  });
}

function points(ctx, layer, view, inside) {
  const { X, Y, ring, part } = layer.shapes;
  const shrink = Math.min(1, Math.max(0.72, 0.72 + (view.zoom - 11) * 0.1));
  for (const f of inside) {
    const look = layer.classes[layer.classOf[f]];
    for (let i = ring[part[f]]; i < ring[part[f + 1]]; i++) {
      arealplan.symbol(ctx, look.shape, X[i] * view.scale - view.ox, Y[i] * view.scale - view.oy,
        (shrink * (look.size || 9)) / 2);
      ctx.fillStyle = look.fill || look.line;
      ctx.fill();
      if (look.line) {
        ctx.strokeStyle = look.line;
        ctx.lineWidth = look.width || 1;
        ctx.stroke();
      }
    }
  }
}

// The outline of all circles together: their strokes, with every inside cut out again.
function circles(ctx, layer, view) {
  const { X, Y, metres } = layer.circles, look = layer.classes[0];
  const sheet = document.createElement("canvas");
  sheet.width = ctx.canvas.width;
  sheet.height = ctx.canvas.height;
  const c = sheet.getContext("2d"), width = grown(look.width || 1, view);
  c.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  const each = (grow) => {
    c.beginPath();
    for (let i = 0; i < X.length; i++) {
      const r = metres / arealplan.perUnit(Y[i]) * view.scale + grow;
      const x = X[i] * view.scale - view.ox, y = Y[i] * view.scale - view.oy;
      if (x + r < 0 || y + r < 0 || x - r > view.w || y - r > view.h) continue;
      c.moveTo(x + r, y);
      c.arc(x, y, r, 0, 2 * Math.PI);
    }
  };
  c.fillStyle = look.line;
  each(width / 2);
  c.fill();
  c.globalCompositeOperation = "destination-out";
  each(-width / 2);
  c.fill();
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(sheet, 0, 0);
  ctx.restore();
}

arealplan.drawSelected = (ctx, view) => {
  const chosen = arealplan.selected;
  if (chosen && arealplan.onSide(chosen.layer, view.side)) arealplan.outline(ctx, chosen, view, [["#FFFFFF", 5], ["#1E2328", 2.5]]);
};
