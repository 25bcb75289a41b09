// Metres on the ground. Transverse Mercator on the GRS 80 ellipsoid by Krüger's series to the
// fourth power of n (Karney 2011, doi:10.1007/s00190-011-0445-3), scale 1 on its meridian:
// under a tenth of a millimetre within 1,000 km of it. Web Mercator measures nothing here.
arealplan.ellipsoid = (() => {
  const a = 6378137, f = 1 / 298.257222101, n = f / (2 - f), e2 = f * (2 - f);
  return {
    a, e2, e: Math.sqrt(e2),
    A: (a / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64),
    series: [
      n / 2 - (2 * n ** 2) / 3 + (5 * n ** 3) / 16 + (41 * n ** 4) / 180,
      (13 * n ** 2) / 48 - (3 * n ** 3) / 5 + (557 * n ** 4) / 1440,
      (61 * n ** 3) / 240 - (103 * n ** 4) / 140,
      (49561 * n ** 4) / 161280,
    ],
  };
})();

// East of a meridian and north of the equator, metres.
arealplan.plane = (lon, lat, meridian) => {
  const { e, A, series } = arealplan.ellipsoid;
  const sine = Math.sin((lat * Math.PI) / 180), turn = ((lon - meridian) * Math.PI) / 180;
  const t = Math.sinh(Math.atanh(sine) - e * Math.atanh(e * sine));
  const xi = Math.atan2(t, Math.cos(turn));
  const eta = Math.asinh(Math.sin(turn) / Math.hypot(t, Math.cos(turn)));
  let x = eta, y = xi;
  series.forEach((c, i) => {
    const k = 2 * (i + 1);
    x += c * Math.cos(k * xi) * Math.sinh(k * eta);
    y += c * Math.sin(k * xi) * Math.cosh(k * eta);
  });
  return [A * x, A * y];
};

// The working CRS of the analyses (ETRS89 / UTM): easting and northing.
arealplan.working = (lon, lat) => {
  const zone = arealplan.config.epsg % 100;
  const [x, y] = arealplan.plane(lon, lat, 6 * zone - 183);
  return [500000 + 0.9996 * x, 0.9996 * y];
};

// Mean radius of curvature at a latitude, metres, squared.
function radiusSquared(lat) {
  const { a, e2 } = arealplan.ellipsoid;
  const w = 1 - e2 * Math.sin((lat * Math.PI) / 180) ** 2;
  return (a * a * (1 - e2)) / w ** 2;
}

// Length over the ellipsoid of a line through points [lon, lat], metres: each leg on the
// meridian between its ends, the little scale there taken away.
arealplan.length = (points) => {
  let sum = 0;
  for (let i = 1; i < points.length; i++) {
    const [[lon1, lat1], [lon2, lat2]] = [points[i - 1], points[i]];
    const meridian = (lon1 + lon2) / 2;
    const [x1, y1] = arealplan.plane(lon1, lat1, meridian);
    const [x2, y2] = arealplan.plane(lon2, lat2, meridian);
    const scale = 1 + (x1 * x1 + x1 * x2 + x2 * x2) / (6 * radiusSquared((lat1 + lat2) / 2));
    sum += Math.hypot(x2 - x1, y2 - y1) / scale;
  }
  return sum;
};

// Area over the ellipsoid of a ring of points [lon, lat], square metres: the integral of
// dx dy / k^2 turned into one along the outline, by Simpson's rule, exact for its cubic.
arealplan.area = (points) => {
  if (points.length < 3) return 0;
  const mean = (i) => points.reduce((sum, p) => sum + p[i], 0) / points.length;
  const meridian = mean(0), r2 = radiusSquared(mean(1));
  const flat = points.map(([lon, lat]) => arealplan.plane(lon, lat, meridian));
  const width = (x) => x - x ** 3 / (3 * r2);
  let sum = 0;
  flat.forEach(([x1, y1], i) => {
    const [x2, y2] = flat[(i + 1) % flat.length];
    sum += ((y2 - y1) * (width(x1) + 4 * width((x1 + x2) / 2) + width(x2))) / 6;
  });
  return Math.abs(sum);
};

arealplan.metres = (value) => (value < 1000
  ? `${arealplan.number(value, 0)}\u00a0m`
  : `${arealplan.number(value / 1000, 2)}\u00a0km`);

// Square metres, and what land is spoken of in: decares (1,000 m²), square kilometres.
arealplan.squareMetres = (value) => {
  if (value >= 1e6) return `${arealplan.number(value / 1e6, 2)}\u00a0km²`;
  const daa = arealplan.lang === "nb" ? "daa" : "decares";
  const plain = `${arealplan.number(value, 0)}\u00a0m²`;
  return value < 1000 ? plain : `${plain} (${arealplan.number(value / 1000, 1)}\u00a0${daa})`;
};
