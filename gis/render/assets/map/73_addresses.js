// Addresses: streets with numbers, unpacked when they are first looked for.
arealplan.streets = null;

arealplan.loadAddresses = async () => {
  if (arealplan.streets || !document.getElementById("data-addresses")) return;
  const { streets, numbers, xy } = await arealplan.unpack("addresses");
  let at = 0, lon = 0, lat = 0;
  arealplan.streets = streets.map((name, s) => {
    const own = numbers[s].split(",");
    const places = own.map(() => {
      lon += xy[at++];
      lat += xy[at++];
      return { lon: lon / 1e5, lat: lat / 1e5 };
    });
    return { name, key: name.toLocaleLowerCase("nb"), numbers: own, places };
  });
};

arealplan.addressName = (street, i) => `${street.name} ${street.numbers[i]}`.trim();

// One entry a street, at its middle address.
arealplan.streetEntries = () => (arealplan.streets || []).map((street) => ({
  name: street.name, kind: { text: "search.street" },
  at: street.places[Math.floor(street.places.length / 2)], street,
}));

// Addresses that begin as what is typed: "Storg 1" finds Storgata 1, then 10, 11 ...
arealplan.addressEntries = (typed) => {
  const parts = /^(\S.*?)\s*(\d+\s*\p{L}?)$/u.exec(typed.trim().toLocaleLowerCase("nb"));
  if (!parts || !arealplan.streets) return [];
  const wanted = parts[2].replace(/\s/g, "").toUpperCase(), found = [];
  for (const street of arealplan.streets) {
    if (!street.key.startsWith(parts[1])) continue;
    street.numbers.forEach((number, i) => {
      if (!number.startsWith(wanted)) return;
      found.push({ name: arealplan.addressName(street, i), kind: { text: "search.address" },
        at: street.places[i], near: number !== wanted });
    });
    if (found.length > 400) break;
  }
  return found.sort((a, b) => a.near - b.near).slice(0, 10);
};

// The address nearest to a place, within 200 m.
arealplan.nearestAddress = (lon, lat) => {
  const [east, north] = arealplan.working(lon, lat), wide = 200 / 55000, high = 200 / 111000;
  let best = null;
  for (const street of arealplan.streets || []) {
    if (!street.numbers[0]) continue;
    street.places.forEach((place, i) => {
      if (Math.abs(place.lat - lat) > high || Math.abs(place.lon - lon) > 2 * wide) return;
      const [x, y] = arealplan.working(place.lon, place.lat);
      const metres = Math.hypot(x - east, y - north);
      if (metres <= 200 && (!best || metres < best.metres)) best = { street, i, metres };
    });
  }
  return best && { name: arealplan.addressName(best.street, best.i), metres: best.metres };
};
