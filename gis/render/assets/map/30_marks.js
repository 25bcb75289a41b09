// Hatches and point shapes: the second cue beside colour.
arealplan.hatch = (() => {
  const made = new Map();
  const sideOf = (kind) => (kind === "wide" || kind === "sparse" ? 11 : 7);
  function draw(kind, colour, ratio) {
    const side = sideOf(kind);
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(side * ratio);
    const c = tile.getContext("2d");
    c.scale(tile.width / side, tile.height / side);
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = kind === "wide" ? 0.8 : 1;
    c.beginPath();
    if (kind === "dots" || kind === "sparse") {
      c.arc(side / 2, side / 2, 1, 0, 7);
      c.fill();
      return tile;
    }
    if (kind === "diagonal" || kind === "cross") {
      for (const d of [-side, 0, side]) { c.moveTo(d - 1, side + 1); c.lineTo(d + side + 1, -1); }
    }
    if (kind === "wide" || kind === "cross") {
      for (const d of [-side, 0, side]) { c.moveTo(d - 1, -1); c.lineTo(d + side + 1, side + 1); }
    }
    if (kind === "horizontal") { c.moveTo(0, side / 2); c.lineTo(side, side / 2); }
    c.stroke();
    return tile;
  }
  // A hatch hangs on the ground and not on the window, so that it lies still when the map moves.
  return (ctx, kind, colour, view) => {
    const key = `${kind} ${colour} ${view.ratio}`, side = sideOf(kind);
    if (!made.has(key)) {
      const tile = draw(kind, colour, view.ratio);
      made.set(key, { pattern: ctx.createPattern(tile, "repeat"), scale: side / tile.width });
    }
    const one = made.get(key);
    if (one.ox !== view.ox || one.oy !== view.oy) {
      one.pattern.setTransform(new DOMMatrix()
        .translate(-(view.ox % side), -(view.oy % side)).scale(one.scale, one.scale));
      Object.assign(one, { ox: view.ox, oy: view.oy });
    }
    return one.pattern;
  };
})();

arealplan.symbol = (ctx, shape, x, y, r) => {
  ctx.beginPath();
  if (shape === "square") ctx.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "diamond") poly([[0, -1], [1, 0], [0, 1], [-1, 0]]);
  else if (shape === "triangle") poly([[0, -1], [1, 0.8], [-1, 0.8]]);
  else if (shape === "cross") {
    const a = 0.36;
    poly([[-a, -1], [a, -1], [a, -a], [1, -a], [1, a], [a, a], [a, 1], [-a, 1],
      [-a, a], [-1, a], [-1, -a], [-a, -a]]);
  } else ctx.arc(x, y, r, 0, 7);
  function poly(corners) {
    corners.forEach(([dx, dy], i) => ctx[i ? "lineTo" : "moveTo"](x + r * dx, y + r * dy));
    ctx.closePath();
  }
};
