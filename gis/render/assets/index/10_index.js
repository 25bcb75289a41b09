"use strict";
// The index needs one thing of a script: the switch of language.
(() => {
  const texts = JSON.parse(document.getElementById("texts").textContent);
  const root = document.documentElement;
  const set = (lang) => {
    root.lang = lang;
    root.dataset.lang = lang;
    document.title = texts.title[lang];
    for (const node of document.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", texts[node.dataset.label][lang]);
    }
    for (const link of document.querySelectorAll("a[data-page]")) {
      link.href = `${link.dataset.page}#lang=${lang}`;
    }
  };
  document.getElementById("language").addEventListener("click", () => {
    set(root.lang === "nb" ? "en" : "nb");
    history.replaceState(null, "", `#lang=${root.lang}`);
  });
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1)).get("lang");
    set(given === "nb" || given === "en" ? given : root.lang);
  };
  window.addEventListener("hashchange", read);
  read();
})();
