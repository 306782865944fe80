"use strict";

// Keys, rows and autosave of the staff pages. Every page works without this file.

const KEY_PAUSE = 1200;
const SAVE_PAUSE = 1500;
let going = 0;

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function rows() {
  return Array.from(document.querySelectorAll("[data-rows] > *")).filter((row) => row.querySelector("a[href]"));
}

// Moves to the next or the previous row: its first link gets the focus, so that Enter opens it.
function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  if (next) {
    next.querySelector("a[href]").focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function press(selector) {
  const target = Array.from(document.querySelectorAll(selector)).find((found) => found.getClientRects().length > 0);
  if (target) {
    target.click();
    // What opens is to be typed into.
    target.parentElement.querySelector(":scope[open] textarea, :scope[open] select, :scope[open] input:not([type=hidden])")?.focus();
  }
  return Boolean(target);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (isTyping(event.target)) {
      event.target.blur();
    }
    document.querySelectorAll("details.me[open], details.pick[open]").forEach((open) => open.removeAttribute("open"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) {
    return;
  }
  const key = event.key.toLowerCase();
  const letter = /^[a-z0-9]$/.test(key);
  let done = true;
  if (going > Date.now() && letter) {
    going = 0;
    done = press(`[data-go="${key}"]`);
  } else if (key === "/") {
    const search = document.querySelector("[data-search]");
    done = search !== null;
    search?.focus();
  } else if (key === "?") {
    location.assign("/desk/help");
  } else if (key === "g") {
    going = Date.now() + KEY_PAUSE;
  } else if (key === "j" || key === "k") {
    move(key === "j" ? 1 : -1);
  } else {
    done = letter && press(`[data-press="${key}"]`);
  }
  if (done) {
    event.preventDefault();
  }
});

// A click elsewhere closes what was dropped down.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.me[open], details.pick[open]").forEach((open) => {
    if (!open.contains(event.target)) {
      open.removeAttribute("open");
    }
  });
});

// <form data-autosave="/address"> is sent there while one types. The answer is JSON: `said` goes to the form's
// [data-saved] element, `values` into the fields they name (a revision, say).
const unsaved = new Map();

async function save(form) {
  clearTimeout(unsaved.get(form));
  unsaved.set(form, 0);
  const sent = new URLSearchParams(new FormData(form)).toString();
  const said = form.querySelector("[data-saved]");
  const tell = (text) => {
    if (said) {
      said.textContent = text;
    }
  };
  try {
    const response = await fetch(form.dataset.autosave, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", "X-Autosave": "1" },
      body: sent,
      redirect: "error",
    });
    const answer = await response.json();
    tell(answer.said);
    for (const [name, value] of Object.entries(answer.values ?? {})) {
      form.elements[name].value = value;
    }
    if (response.ok && unsaved.get(form) === 0) {
      unsaved.delete(form);
    }
  } catch {
    tell("没有自动保存：连接中断，或者登录已过期。请先复制内容，再刷新页面。");
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (form) {
    clearTimeout(unsaved.get(form));
    unsaved.set(form, setTimeout(() => save(form), SAVE_PAUSE));
  }
});

document.addEventListener("submit", (event) => {
  clearTimeout(unsaved.get(event.target));
  unsaved.delete(event.target);
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved.size > 0) {
    event.preventDefault();
  }
});
