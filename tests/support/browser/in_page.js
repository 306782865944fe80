(name, args) => {
  // What the browser tests do inside a page. Evaluated anew for each call, so it works with scripts switched off and
  // leaves nothing behind.
  const squeeze = (text) => (text || "").replace(/\s+/g, " ").trim();

  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
  };

  const byIds = (element, attribute) => {
    const ids = (element.getAttribute(attribute) || "").split(/\s+/).filter(Boolean);
    return squeeze(ids.map((id) => document.getElementById(id)?.textContent).join(" "));
  };

  // What a link or button is called.
  const nameOf = (element) =>
    byIds(element, "aria-labelledby") ||
    squeeze(element.getAttribute("aria-label")) ||
    squeeze(element.tagName === "INPUT" ? element.value : element.innerText);

  // What a label says, without the field it may hold.
  const labelText = (label) => {
    const copy = label.cloneNode(true);
    copy.querySelectorAll("input, select, textarea, button").forEach((field) => field.remove());
    return squeeze(copy.textContent);
  };

  // What a field is called.
  const fieldName = (field) =>
    byIds(field, "aria-labelledby") ||
    squeeze(field.getAttribute("aria-label")) ||
    squeeze([...(field.labels || [])].map(labelText).join(" "));

  const select = (scope, css) => {
    try {
      return [...scope.querySelectorAll(css)];
    } catch {
      return [];
    }
  };

  const only = (found, what) => {
    if (found.length > 1) throw new Error(`${found.length} fit: ${what}`);
    return found[0];
  };

  const CLICKABLE =
    "a[href], button, summary, label, input[type=submit], input[type=button], [role=button], [role=tab], " +
    "[role=menuitem], [role=option]";

  // A thing to click: by its name, else by a selector.
  const clickable = (what, within) => {
    const scope = within ? select(document, within).find(visible) : document;
    if (!scope) throw new Error(`not there: ${within}`);
    const named = [...scope.querySelectorAll(CLICKABLE)].filter((element) => visible(element) && nameOf(element) === what);
    const others = named.filter((element) => element.tagName !== "LABEL");
    const found = only(others.length > 0 ? others : named, what) || select(scope, what).find(visible);
    if (!found) throw new Error(`nothing to click: ${what}`);
    return found;
  };

  // A field: by its label, exact or up to a hint behind it, else by a selector. A file field may be hidden behind its
  // label.
  const field = (label) => {
    const all = [...document.querySelectorAll("input:not([type=hidden]), textarea, select, [contenteditable=true]")];
    const fields = all.filter((one) => visible(one) || one.type === "file");
    const exact = fields.filter((one) => fieldName(one) === label);
    const loose = fields.filter((one) => fieldName(one).startsWith(label));
    const found = only(exact.length > 0 ? exact : loose, label) || select(document, label)[0];
    if (!found) throw new Error(`no field: ${label}`);
    return found;
  };

  const describe = (element) => {
    const classes = [...element.classList].map((one) => `.${one}`).join("");
    return `${element.tagName.toLowerCase()}${classes} “${squeeze(element.textContent).slice(0, 30)}”`;
  };

  // Whether something around the element keeps what sticks out of it.
  const contained = (element) => {
    for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "visible") return true;
    }
    return false;
  };

  const tell = (element, ...kinds) => kinds.forEach((kind) => element.dispatchEvent(new Event(kind, { bubbles: true })));

  const functions = {
    is_there: (css) => select(document, css).some(visible),
    has_text: (text) => squeeze(document.body?.innerText).includes(squeeze(text)),
    texts: (css) => select(document, css).filter(visible).map((element) => squeeze(element.innerText)),
    links: () => {
      const own = [...document.querySelectorAll("a[href]")].map((link) => new URL(link.href));
      return [...new Set(own.filter((url) => url.origin === location.origin).map((url) => url.pathname + url.search))];
    },

    // Where to press the mouse, once nothing lies over it.
    click_point: (what, within) => {
      const element = clickable(what, within);
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const box = element.getClientRects()[0];
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      const hit = document.elementFromPoint(x, y);
      if (!hit || !(element.contains(hit) || hit.contains(element))) {
        throw new Error(`${what} lies under ${hit ? describe(hit) : "nothing"}`);
      }
      return [x, y];
    },

    // Makes a field ready for typing and says how it is filled: "type" or "done".
    begin_filling: (label, value) => {
      const element = field(label);
      element.scrollIntoView({ block: "center", behavior: "instant" });
      element.focus();
      if (element.tagName === "SELECT") {
        const option = [...element.options].find((one) => squeeze(one.label) === value || one.value === value);
        if (!option) throw new Error(`${label} does not offer ${value}`);
        element.value = option.value;
        tell(element, "input", "change");
        return "done";
      }
      if (["date", "month", "time", "datetime-local", "number", "range", "color"].includes(element.type)) {
        element.value = value;
        tell(element, "input", "change");
        return "done";
      }
      if (element.select) element.select();
      else getSelection().selectAllChildren(element);
      return "type";
    },

    is_checked: (label) => field(label).checked,
    value_of: (label) => {
      const element = field(label);
      return element.value ?? element.innerText;
    },
    file_field: (label) => field(label),

    // What no page of the site has, since its policy forbids it and its texts are only ever text.
    foreign: () => {
      const marks = ["script:not([src]):not([type])", "style", "[style]", "a[href^='javascript:' i]", ".hostile", "iframe, object, embed"];
      const found = marks.flatMap((css) => select(document, css).map((element) => `${css}: ${describe(element)}`));
      const handlers = [...document.querySelectorAll("*")].filter((element) => element.getAttributeNames().some((one) => one.startsWith("on")));
      found.push(...handlers.map((element) => `a handler in the markup: ${describe(element)}`));
      if ("hostile" in window) found.push("a text ran as a script");
      // By itself only: an id or a digest may have the same figures in it.
      const figures = /(?<![\w-])6713(?![\w-])/;
      if (figures.test(document.documentElement.textContent)) found.push("a text was taken for a template");
      return found;
    },

    // Texts that turn the direction of writing and are not kept apart from what stands behind them.
    turned: () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!/[\u202a-\u202e\u2066-\u2069]/.test(node.data)) continue;
        let around = node.parentElement;
        const apart = (element) => {
          const style = getComputedStyle(element);
          return style.display !== "inline" || style.unicodeBidi !== "normal";
        };
        while (!apart(around)) around = around.parentElement;
        const behind = document.createRange();
        behind.selectNodeContents(around);
        behind.setStartAfter(node);
        if (squeeze(behind.toString())) found.push(`what stands behind ${describe(node.parentElement)} is turned too: put it in <bdi>`);
      }
      return found;
    },

    // What makes the page wider than the screen.
    overflows: (width) => {
      const wide = document.documentElement.scrollWidth;
      if (wide <= width) return [];
      const out = [...document.body.querySelectorAll("*")].filter(
        (element) => visible(element) && element.getBoundingClientRect().right > width + 0.5 && !contained(element),
      );
      const inner = out.filter((element) => !out.some((other) => other !== element && element.contains(other)));
      const told = inner.slice(0, 5).map((element) => `${describe(element)} to ${Math.round(element.getBoundingClientRect().right)}`);
      return [`the page is ${wide} wide on a screen of ${width}`, ...told];
    },
  };
  return functions[name](...args);
}
