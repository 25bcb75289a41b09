// Write values as each language does; a code gets its word, anything else stays plain text.
arealplan.number = (value, decimals) => {
  const sign = value < 0 ? "\u2212" : "";
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const nb = arealplan.lang === "nb";
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, nb ? "\u202f" : ",");
  return sign + grouped + (part ? (nb ? "," : ".") + part : "");
};

arealplan.day = (iso) => {
  const [year, month, day] = iso.split("-").map(Number);
  if (arealplan.lang === "nb") {
    return `${String(day).padStart(2, "0")}.${String(month).padStart(2, "0")}.${year}`;
  }
  const name = new Date(Date.UTC(year, month - 1, day)).toLocaleString("en-GB", {
    month: "long", timeZone: "UTC",
  });
  return `${day} ${name} ${year}`;
};

arealplan.written = (field, value) => {
  if (value === null || value === undefined || value === "") return "\u2013";
  const word = field.values[String(value)];
  if (word) return arealplan.pick(word);
  if (typeof value === "string") {
    const shared = arealplan.texts[`value.${value}`];
    if (shared && field.kind !== "text") return arealplan.pick(shared);
    if (field.kind === "date" && /^\d{4}-\d\d-\d\d$/.test(value)) return arealplan.day(value);
    return value;
  }
  if (typeof value === "boolean") return arealplan.t(value ? "value.true" : "value.false");
  if (field.kind === "share") {
    return arealplan.number(100 * value, 1) + (arealplan.lang === "nb" ? "\u00a0%" : "%");
  }
  const unit = { km2: "\u00a0km²", metres: "\u00a0m" }[field.kind] || "";
  return arealplan.number(value, field.decimals) + unit;
};
