"use strict";
// The one name this page adds to the window, and what all parts share.
window.arealplan = {
  lang: document.documentElement.dataset.lang || "nb",
  layers: new Map(),
  map: null,
  renderer: null,
  pick(text) {
    return text ? text[arealplan.lang] ?? text.nb : "";
  },
  el(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  },
};

arealplan.texts = JSON.parse(document.getElementById("texts").textContent);
arealplan.config = JSON.parse(document.getElementById("config").textContent);
// A text in the page's language, its {places} filled; what is filled in is never read again.
arealplan.t = (key, values) => {
  const text = arealplan.pick(arealplan.texts[key]);
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
};
