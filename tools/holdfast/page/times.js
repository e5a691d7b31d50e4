// ---- words -----------------------------------------------------------------------------------

function span(ns) {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
  const [size, name] = units.find(([size]) => ns >= size) ?? units[3];
  const value = ns / size;
  return `${value.toFixed(size === 1 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0)} ${name}`;
}

// A moment, as exact as `step` needs it.
function moment(ns, step = 1e3) {
  const [size, name] = traceEnd >= 1e9 ? [1e9, "s"] : traceEnd >= 1e6 ? [1e6, "ms"] : [1e3, "µs"];
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)));
  return `${(ns / size).toFixed(digits)} ${name}`;
}

function count(number, one, many = one + "s") {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const plural = name => name.endsWith("y") ? `${name.slice(0, -1)}ies` : `${name}s`;
const fileName = path => path.slice(path.lastIndexOf("/") + 1);

function titleOf(life) {
  return `${life.type} ${life.value}${life.label ? ` (${life.label})` : ""}`;
}

function threadTitle(thread) {
  return thread.name ? `${thread.id} (${thread.name})` : thread.id;
}

function endOf(life) {
  if (life.isClosed)
    return life.isDetached ? "handed out" : "closed";
  return life.isOrderly ? "open at the end of the process" : "open at the end of the recording";
}

// An element with its children: texts, elements; null is left out.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false)
      element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

const byId = id => document.getElementById(id);
