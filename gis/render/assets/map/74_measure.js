// Measure a distance or an area, by mouse or by the cross and the keyboard.
arealplan.measured = null;
arealplan.cross = false;

arealplan.measure = (kind) => {
  arealplan.closePopup();
  arealplan.measured = kind ? { kind, points: [], moving: null } : null;
  for (const { map } of arealplan.panes) {
    map.getContainer().classList.toggle("measuring", Boolean(kind));
    if (kind) map.doubleClickZoom.disable();
    else map.doubleClickZoom.enable();
  }
  arealplan.over.request();
};

arealplan.addMeasured = (latlng) => {
  arealplan.measured.points.push([latlng.lng, latlng.lat]);
  arealplan.tellMeasured();
};

arealplan.undoMeasured = () => {
  arealplan.measured?.points.pop();
  arealplan.tellMeasured();
};

// What the measured line or ring comes to, in words.
arealplan.measuredText = ({ kind, points }) => {
  const n = String(points.length);
  if (kind === "distance") {
    if (points.length < 2) return arealplan.t("measure.start");
    return arealplan.t("measure.distance", { value: arealplan.metres(arealplan.length(points)), n });
  }
  if (points.length < 3) return arealplan.t("measure.start");
  const round = arealplan.length([...points, points[0]]);
  return arealplan.t("measure.area", {
    value: arealplan.squareMetres(arealplan.area(points)), round: arealplan.metres(round), n,
  });
};

arealplan.tellMeasured = () => {
  if (!arealplan.measured) return;
  arealplan.say(arealplan.measuredText(arealplan.measured));
  arealplan.over.request();
};

arealplan.drawMeasured = (ctx, view) => {
  if (!arealplan.measured) return;
  const { kind, points, moving } = arealplan.measured;
  const spots = [...points, ...(moving ? [moving] : [])].map(([lon, lat]) => {
    const [x, y] = arealplan.project(lon, lat);
    return [x * view.scale - view.ox, y * view.scale - view.oy];
  });
  ctx.beginPath();
  spots.forEach(([x, y], i) => ctx[i ? "lineTo" : "moveTo"](x, y));
  if (kind === "area" && spots.length > 2) {
    ctx.closePath();
    ctx.fillStyle = "rgba(179,38,30,0.15)";
    ctx.fill();
  }
  arealplan.strokes(ctx, [["#FFFFFF", 5], ["#B3261E", 2.5]]);
  for (const [x, y] of spots.slice(0, points.length)) {
    ctx.beginPath();
    ctx.arc(x, y, 4, 0, 7);
    ctx.fillStyle = "#B3261E";
    ctx.fill();
    arealplan.strokes(ctx, [["#FFFFFF", 1.5]]);
  }
};
