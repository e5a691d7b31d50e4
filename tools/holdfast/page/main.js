// ---- the page --------------------------------------------------------------------------------

// What is looked at stands in the address, behind #, so that it can be told to others.
const address = new URLSearchParams(location.hash.slice(1));

function noteAddress(name, value) {
  if (value === null)
    address.delete(name);
  else
    address.set(name, value);
  try {
    history.replaceState(null, "", `#${address}`);
  } catch {
    // A page within another page may not have an address.
  }
}

// `what`: {finding} or {life}.  A finding brings its life with it.
function choose(what, quietly = false) {
  const finding = what.finding ?? null;
  chosen = {finding, life: what.life ?? finding?.life ?? finding?.other ?? null};
  for (const button of document.querySelectorAll("#findings [aria-current]"))
    button.removeAttribute("aria-current");
  const button = finding && document.querySelector(`#findings [data-finding="${finding.number}"]`);
  button?.setAttribute("aria-current", "true");
  button?.scrollIntoView({block: "nearest"});
  if (finding)
    showFinding(finding);
  else if (chosen.life)
    showLife(chosen.life);
  else
    showNothing();
  byId("details").scrollTop = 0;
  byId("said").textContent = byId("details").querySelector("h2")?.textContent ?? "";
  if (!quietly) {
    noteAddress("finding", finding ? finding.number : null);
    noteAddress("life", !finding && chosen.life ? chosen.life.number : null);
  }
  reveal();
  paint();
}

// After the search has changed.
function renew() {
  search(byId("search").value, byId("blamed").checked);
  along = null;
  layOut(shown);
  listFindings();
  choose(chosen.finding ? {finding: chosen.finding} : {life: chosen.life}, true);
}

function nextFinding(step) {
  const list = shown.findings;
  if (list.length) {
    const index = list.indexOf(chosen.finding);
    choose({finding: list[index < 0 ? (step > 0 ? 0 : list.length - 1) : (index + step + list.length) % list.length]});
  }
}

function nextLife(step) {
  const lane = chosen.life?.lane ?? rows.find(row => row.kind === "lane");
  const next = lane?.lives[chosen.life?.lane ? lane.lives.indexOf(chosen.life) + step : 0];
  if (next)
    choose({life: next});
}

const themes = ["auto", "light", "dark"];
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function setTheme(theme) {
  const isDark = theme === "dark" || (theme === "auto" && prefersDark.matches);
  document.documentElement.toggleAttribute("data-dark", isDark);
  byId("theme").textContent = theme;
  byId("theme").setAttribute("aria-label", `colours: ${theme === "auto" ? "as the system has them" : theme}`);
  takeColours();
  paint();
}

let theme = themes.includes(address.get("theme")) ? address.get("theme") : "auto";
byId("theme").addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  noteAddress("theme", theme === "auto" ? null : theme);
  setTheme(theme);
});
prefersDark.addEventListener("change", () => setTheme(theme));

function toggleHelp(isOpen = byId("help").hidden) {
  byId("help").hidden = !isOpen;
  byId("help-button").setAttribute("aria-expanded", String(isOpen));
}
byId("help-button").addEventListener("click", () => toggleHelp());

const keys = {
  "+": () => zoom(0.7), "=": () => zoom(0.7), w: () => zoom(0.7), "-": () => zoom(1 / 0.7), s: () => zoom(1 / 0.7),
  ArrowLeft: () => slide(-0.15), a: () => slide(-0.15), ArrowRight: () => slide(0.15), d: () => slide(0.15),
  ArrowUp: () => stage.scrollBy(0, -45), ArrowDown: () => stage.scrollBy(0, 45),
  PageUp: () => stage.scrollBy(0, -view.height * 0.8), PageDown: () => stage.scrollBy(0, view.height * 0.8),
  Home: showAll, f: () => reveal(true), n: () => nextFinding(1), p: () => nextFinding(-1),
  ",": () => nextLife(-1), ".": () => nextLife(1), "?": () => toggleHelp(),
  "/": () => byId("search").focus(), Escape: () => toggleHelp(false),
};
const ofTheTimeline = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home"];

document.addEventListener("keydown", event => {
  const {target, key} = event;
  if (target === byId("search")) {
    if (key === "Escape")
      target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, key))
    return;
  // Elsewhere these keys scroll.
  if (ofTheTimeline.includes(key) && target !== canvas && target !== document.body)
    return;
  event.preventDefault();
  keys[key]();
});

let later = 0;
byId("search").addEventListener("input", () => {
  clearTimeout(later);
  later = setTimeout(() => {
    noteAddress("search", byId("search").value || null);
    renew();
  }, 120);
});
byId("blamed").addEventListener("change", renew);

// On paper the whole is shown, in light colours, as high as it is.
addEventListener("beforeprint", () => {
  fillPaper();
  document.documentElement.removeAttribute("data-dark");
  takeColours();
  stage.style.flex = `0 0 ${Math.min(rowsHeight + RULER + 12, 900)}px`;
  stage.style.height = stage.style.flexBasis;
  stage.scrollTop = 0;
  paintTimeline();
});
addEventListener("afterprint", () => {
  stage.style.flex = stage.style.height = "";
  setTheme(theme);
});
// At once: a frame of the old size would be seen.
new ResizeObserver(() => {
  paintTimeline();
  paintOverview();
}).observe(stage);

measure();
setTheme(theme);
listFacts();
listWarnings();
listKinds();
listLegend();
byId("search").value = address.get("search") ?? "";
renew();
showAll();
choose(lives[address.get("life") ?? -1] ? {life: lives[address.get("life")]}
  : {finding: findings[address.get("finding") ?? 0] ?? null}, true);
document.body.dataset.ready = `${findings.length} ${lives.length}`;
