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
arealplan.t = (key) => arealplan.pick(arealplan.texts[key]);
