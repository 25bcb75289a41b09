// Two maps side by side: one view, two sets of layers. What happens on one shows on the other.
arealplan.joinPanes = () => {
  const [one, two] = arealplan.panes;
  one.renderer.twin = two.renderer;
  one.over.twin = two.over;
  follow(one.map, two.map);
  follow(two.map, one.map);
  for (const pane of arealplan.panes) ghostOn(pane);
};

let following = false;

function follow(from, to) {
  const alone = (move) => () => {
    if (following) return;
    following = true;
    move();
    following = false;
  };
  // While it moves the other is pushed along as a picture; it is drawn anew when both stand still.
  from.on("move", alone(() => {
    if (from.getZoom() !== to.getZoom()) {
      to.setView(from.getCenter(), from.getZoom(), { animate: false });
      return;
    }
    const zoom = from.getZoom();
    to._rawPanBy(to.project(from.getCenter(), zoom).subtract(to.project(to.getCenter(), zoom)).round());
    to.fire("move");
  }));
  from.on("moveend", alone(() => {
    if (from.getZoom() === to.getZoom()) to.fire("moveend");
    else to.setView(from.getCenter(), from.getZoom(), { animate: false });
  }));
}

// The map that a layer is on: the first, or the one of its side.
arealplan.mapOf = (layer) => (arealplan.panes.find((pane) => pane.side && pane.side === layer.side)
  || arealplan.panes[0]).map;

// A ring on the other map where the pointer is on this one.
arealplan.ghost = null;

function ghostOn({ map, side }) {
  map.on("mousemove", ({ latlng }) => {
    arealplan.ghost = { side, latlng };
    arealplan.over.request();
  });
  map.on("mouseout", () => {
    arealplan.ghost = null;
    arealplan.over.request();
  });
}

arealplan.drawGhost = (ctx, view) => {
  const { ghost } = arealplan;
  if (!ghost || ghost.side === view.side) return;
  const [px, py] = arealplan.project(ghost.latlng.lng, ghost.latlng.lat);
  ctx.beginPath();
  ctx.arc(px * view.scale - view.ox, py * view.scale - view.oy, 7, 0, 2 * Math.PI);
  arealplan.strokes(ctx, [["#FFFFFF", 4], ["#1E2328", 1.6]]);
};
