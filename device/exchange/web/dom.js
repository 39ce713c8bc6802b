// Small help for making elements. No markup is ever parsed from text.

const SVG = "http://www.w3.org/2000/svg";

/** `el("button.go", {onclick}, "Join", child)`; null and false children are left out. */
export function el(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== false));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  svg.append(use);
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg, name) {
  svg.querySelector("use").setAttribute("href", `#icon-${name}`);
}

/** Puts the icons into a document, so that none has to be fetched while the exchange is away. */
export function addIcons(to = document) {
  const request = new XMLHttpRequest();
  request.open("GET", "/web/icons.svg");
  request.responseType = "document";
  request.addEventListener("load", () => {
    const sprite = to.importNode(request.response.documentElement, true);
    sprite.setAttribute("class", "sprite");
    sprite.setAttribute("aria-hidden", "true");
    for (const symbol of sprite.children) symbol.id = `icon-${symbol.id}`;
    to.body.append(sprite);
  });
  request.send();
}

/** Of the first two words, in any script. */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean).slice(0, 2);
  return words.map((word) => [...word][0].toLocaleUpperCase()).join("");
}

/** "04:07", "1:00:00" */
export function elapsed(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
