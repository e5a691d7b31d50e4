// ---- stacks ----------------------------------------------------------------------------------

// [{name, place, title, system, inlined}], innermost first.
function framesOf(number) {
  return raw.stacks[number].flatMap(place => {
    const [module, offset, unnamed, ...names] = raw.places[place];
    const path = texts[module];
    return names.map(([name, file, line, column], which) => ({
      name: texts[name],
      place: texts[file] ? `${fileName(texts[file])}:${line}${column ? `:${column}` : ""}`
        : path ? `${fileName(path)}+${offset}` : offset,
      title: [texts[file] && `${texts[file]}:${line}`, path && `${path}+${offset}`, texts[unnamed]]
        .filter(part => part).join("\n"),
      isSystem: /\/(libc|ld-linux[^/]*|libpthread|libstdc\+\+)[.-][^/]*$/.test(path) ||
        /^_start$|^__libc_start/.test(texts[name]),
      isInlined: which + 1 < names.length}));
  });
}

// "open_log log.c:12": what a stack is known by.
function top(number) {
  const frame = framesOf(number)[0];
  return frame ? [frame.name, frame.place].filter(part => part).join("  ") : "";
}

function frameLine(frame, index) {
  return make("li", {class: frame.isSystem ? "system" : null, title: frame.title},
    make("span", {class: "index"}, String(index)),
    frame.name ? make("span", {class: "mono name"}, frame.name) : null, frame.name ? " " : null,
    make("span", {class: "mono place"}, frame.place),
    frame.isInlined ? make("span", {class: "inlined"}, " inlined") : null);
}

function stackCard(title, by, stack, isNow = false) {
  const frames = framesOf(stack);
  return make("div", {class: isNow ? "stack now" : "stack"},
    make("h3", null, title, by ? make("span", null, ` by thread ${by}`) : null),
    frames.length ? make("ol", null, frames.map(frameLine)) : make("p", null, "its stack is not recorded"));
}

function momentCard(title, of, isNow = false) {
  return of ? stackCard(title, of.name ? `${of.thread} (${of.name})` : of.thread, of.stack, isNow) : null;
}
