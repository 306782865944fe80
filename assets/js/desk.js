"use strict";

// Keys, rows and autosave of the staff pages. Every page works without this file.

const KEY_PAUSE = 1200;
const SAVE_PAUSE = 1500;
const NEWS_PAUSE = 200;
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
  } else if ((key === "j" || key === "k") && rows().length > 0) {
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
// [data-saved] element.
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

// <form data-upload> sends its file with a bar that shows how far it is, and goes on to the upload's page.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const progress = form.querySelector("[data-upload-progress]");
  const said = form.querySelector("[data-upload-said]");
  const wrong = form.querySelector("[data-upload-wrong]");
  const button = form.querySelector("button");
  const fail = (text) => {
    progress.hidden = true;
    button.disabled = false;
    wrong.textContent = text;
    wrong.hidden = false;
  };
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (sent) => {
    const percent = sent.lengthComputable ? Math.floor((sent.loaded * 100) / sent.total) : 0;
    progress.querySelector("progress").value = percent;
    said.textContent = percent < 100 ? `${percent} %` : "正在检查文件 …";
  });
  request.addEventListener("load", () => {
    if (request.status === 201) {
      location.assign(`${form.action}/${request.response.upload.replace("upload:", "")}`);
    } else if (request.status === 401) {
      location.assign("/sign-in?next=%2Fdesk%2Fimports");
    } else {
      fail(`● ${request.response?.errors?.[0]?.message ?? "文件没有上传。请稍后重试。"}`);
    }
  });
  request.addEventListener("error", () => fail("● 文件没有传完。请检查网络后重新上传。"));
  wrong.hidden = true;
  progress.hidden = false;
  button.disabled = true;
  request.send(new FormData(form));
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved.size > 0) {
    event.preventDefault();
  }
});

// News. The server tells what happens (/desk/live); counts beside the navigation follow at once, and [data-news] says how
// much of what is on the page has changed. Nothing else moves until its link is followed.

const GONE = -1;
const changed = new Map();
let stream = null;
let told = "";
let telling = 0;

function newsBars() {
  return Array.from(document.querySelectorAll("[data-news]"));
}

// Whether a change is news for this place: of an item's page, only a later revision of that item.
function isNews(bar, number, revision) {
  const item = Number(bar.dataset.item ?? 0);
  return number === GONE || item === 0 || (item === number && revision > Number(bar.dataset.revision));
}

function tellNews() {
  for (const bar of newsBars()) {
    const news = Array.from(changed).filter(([number, revision]) => isNews(bar, number, revision));
    const many = news.some(([number]) => number === GONE);
    const own = bar.dataset.item !== undefined;
    const text = many ? "有较多更新，点此刷新" : own ? "这一件有更新，点此刷新" : `有 ${news.length} 件更新，点此刷新`;
    const link = bar.querySelector("a");
    if (news.length > 0 && link.textContent !== text) {
      link.textContent = text;
    }
    link.setAttribute("href", location.pathname + location.search);
    bar.hidden = news.length === 0;
  }
}

// A large import is told item by item: what came within a moment is shown at once.
function tellSoon() {
  telling ||= setTimeout(() => {
    telling = 0;
    tellNews();
  }, NEWS_PAUSE);
}

function tellCounts({ mine, overdue, entries }) {
  const counts = { ...entries, mine, overdue };
  for (const badge of document.querySelectorAll("[data-count]")) {
    const count = counts[badge.dataset.count];
    if (count !== undefined) {
      badge.firstElementChild.textContent = String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
      badge.hidden = count === 0;
    }
  }
}

function listen() {
  const desk = document.querySelector("[data-live]");
  if (!desk || stream || document.hidden) {
    return;
  }
  stream = new EventSource(told ? `/desk/live?since=${told}` : desk.dataset.live);
  stream.addEventListener("item", (event) => {
    const { number, revision } = JSON.parse(event.data);
    changed.set(number, revision);
    tellSoon();
  });
  stream.addEventListener("reset", () => {
    changed.clear();
    changed.set(GONE, 0);
    tellSoon();
  });
  stream.addEventListener("badge", (event) => tellCounts(JSON.parse(event.data)));
  stream.addEventListener("head", (event) => {
    told = event.lastEventId;
  });
}

// A window nobody looks at holds no connection: browsers have few of them for one site. It catches up when looked at.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else {
    listen();
  }
});

// Replaces the part that a bar names, marks the rows that changed and leaves focus, scroll and what is typed as they were.
async function refresh(part) {
  const numbers = new Set(changed.keys());
  const focused = document.activeElement?.closest(`${part} a[href]`)?.getAttribute("href");
  await htmx.ajax("GET", location.pathname + location.search, { target: part, select: part, swap: "outerHTML show:none" });
  for (const row of document.querySelectorAll(`${part} [data-number]`)) {
    if (numbers.has(Number(row.dataset.number))) {
      row.classList.add("moved");
      const chip = document.createElement("span");
      chip.className = "chip info";
      chip.textContent = "刚更新";
      row.querySelector("td.title, td")?.append(" ", chip);
    }
  }
  if (focused) {
    const link = Array.from(document.querySelectorAll(`${part} a[href]`)).find((a) => a.getAttribute("href") === focused);
    link?.focus({ preventScroll: true });
  }
}

document.addEventListener("click", (event) => {
  const bar = event.target.closest("[data-news] a")?.parentElement;
  if (bar?.dataset.news && window.htmx && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    refresh(bar.dataset.news);
  }
});

// What a replaced part shows is as new as its request; what came after that is news still.
let asked = new Map();
document.addEventListener("htmx:beforeRequest", () => {
  asked = new Map(changed);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (newsBars().some((bar) => bar.dataset.news === `#${event.target.id}`)) {
    asked.forEach((revision, number) => changed.get(number) === revision && changed.delete(number));
    tellNews();
  }
});

document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

listen();
