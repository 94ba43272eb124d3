"use strict";
(() => {
  const find = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => Array.from(inside.querySelectorAll(selector));
  const [menu, sidebar, form, query, count, results, contents] =
    ["#menu", "#sidebar", "#search", "#query", "#count", "#results", "nav"].map((selector) => find(selector));
  document.documentElement.classList.add("js");
  menu.hidden = form.hidden = false;

  // The menu of a narrow screen.
  const show = (isOpen) => {
    sidebar.classList.toggle("open", isOpen);
    menu.setAttribute("aria-expanded", isOpen);
    if (isOpen) query.focus();
  };
  menu.addEventListener("click", () => show(!sidebar.classList.contains("open")));
  sidebar.addEventListener("click", (event) => {
    if (event.target.closest("a")) show(false);
  });

  // Shared schemas are in the page once. Their fields are copied where they are opened.
  document.addEventListener("toggle", (event) => {
    const part = event.target;
    const name = part.open && part.dataset.fields;
    if (!name || part.children.length > 1) return;
    const source = document.getElementById(name);
    const body = source && find("[data-body]", source);
    if (!body) return;
    for (const child of body.children) part.append(child.cloneNode(true));
    all("details", part).forEach((inner) => {
      inner.open = false;
    });
  }, true);

  // Buttons that copy the code.
  if (navigator.clipboard) {
    for (const caption of all("figcaption")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy the " + caption.textContent.toLowerCase());
      button.addEventListener("click", async () => {
        const code = find("details[open] pre", caption.parentNode) || find("pre", caption.parentNode);
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
        setTimeout(() => {
          button.textContent = "Copy";
        }, 1500);
      });
      caption.append(button);
    }
  }

  // Search: all words must occur. Names weigh more than text.
  const entries = all("section[data-kind]").map((section) => {
    const title = find("h3", section).textContent.trim();
    return {
      id: section.id,
      title,
      kind: section.dataset.kind,
      route: all(".route > *", section).map((part) => part.textContent).join(" ").toLowerCase(),
      note: [section.dataset.kind, find(".route code", section)?.textContent].filter(Boolean).join(" · "),
      names: (title + " " + section.id + " " + (section.dataset.names || "")).toLowerCase(),
      text: section.textContent.toLowerCase(),
    };
  });
  const kinds = ["operation", "event", "problem", "schema"];
  const rank = (entry, words) => {
    let score = 0;
    for (const word of words) {
      if (entry.names.split(/[^a-z0-9_]+/).includes(word)) score += 4;
      else if (entry.names.includes(word)) score += 3;
      else if (entry.text.includes(word)) score += 1;
      else return 0;
    }
    return score;
  };
  let selected = -1;
  const select = (index) => {
    const options = all("li", results);
    if (!options.length) return undefined;
    selected = (index + options.length) % options.length;
    options.forEach((option, position) => option.setAttribute("aria-selected", position === selected));
    query.setAttribute("aria-activedescendant", options[selected].id);
    return options[selected];
  };
  const move = (step) => select(selected + step)?.scrollIntoView({ block: "nearest" });
  const search = () => {
    const text = query.value.trim().toLowerCase();
    const words = text.split(/\s+/).filter(Boolean);
    const isActive = words.length > 0;
    const exact = ({ title, id, route }) => ([title.toLowerCase(), id, route].includes(text) ? 100 : 0);
    const found = !isActive ? [] : entries
      .map((entry) => ({ entry, score: rank(entry, words) && rank(entry, words) + exact(entry) }))
      .filter(({ score }) => score > 0)
      .sort((one, other) => other.score - one.score || kinds.indexOf(one.entry.kind) - kinds.indexOf(other.entry.kind));
    results.replaceChildren(...found.slice(0, 40).map(({ entry }, index) => {
      const option = document.createElement("li");
      option.id = "result-" + index;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const link = document.createElement("a");
      link.href = "#" + entry.id;
      link.tabIndex = -1;
      link.textContent = entry.title;
      const note = document.createElement("small");
      note.textContent = entry.note;
      link.append(note);
      option.append(link);
      return option;
    }));
    selected = -1;
    query.removeAttribute("aria-activedescendant");
    results.hidden = !isActive;
    contents.hidden = isActive;
    query.setAttribute("aria-expanded", isActive);
    count.textContent = !isActive ? "" : found.length === 1 ? "1 result" : (found.length || "No") + " results";
    sidebar.scrollTop = 0;
    if (found.length) select(0);
  };
  query.addEventListener("input", search);
  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && selected >= 0) find("a", all("li", results)[selected]).click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      show(true);
      query.focus();
      query.select();
    } else if (event.key === "Escape") {
      if (query.value) {
        query.value = "";
        search();
      } else {
        show(false);
        if (document.activeElement === query) query.blur();
      }
    }
  });

  // The navigation marks what is being read.
  const links = new Map(all("a", contents).map((link) => [link.hash.slice(1), link]));
  let current;
  const mark = (id) => {
    const link = links.get(id);
    if (!link || link === current) return;
    current?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    current = link;
    const group = link.closest("details");
    if (group) group.open = true;
    if (sidebar.scrollHeight > sidebar.clientHeight && !contents.hidden) link.scrollIntoView({ block: "nearest" });
  };
  const visible = new Set();
  const observer = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) visible.add(target);
      else visible.delete(target);
    }
    const first = all("main > section").find((section) => visible.has(section));
    if (first) mark(first.id);
  }, { rootMargin: "-10% 0px -60%" });
  all("main > section").forEach((section) => observer.observe(section));
})();
