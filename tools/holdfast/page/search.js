// ---- search ----------------------------------------------------------------------------------
// Words, all of which must fit: a number is a descriptor's, or a process's; anything else is looked
// for in kinds, paths, sentences, operations, notes and the functions, files and modules of stacks.

const hiddenKinds = new Set();
let shown = {lives, findings, hasLife: () => true};

function stacksWith(word) {
  const isText = texts.map(text => text.toLowerCase().includes(word));
  const isPlace = raw.places.map(([module, , , ...frames]) =>
    isText[module] || frames.some(([name, file]) => isText[name] || isText[file]));
  return raw.stacks.map(stack => stack.some(place => isPlace[place]));
}

function lifeFits(life, word, isStack) {
  const has = text => text.toLowerCase().includes(word);
  return has(life.label) || has(life.type) || life.handle === word || String(life.value) === word ||
    has(life.openedWith) || has(life.closedWith) || isStack[life.openedStack] || isStack[life.closedStack] ||
    (life.notes?.some(note => has(note.text)) ?? false) ||
    (life.findings?.some(finding => finding.kind.includes(word)) ?? false);
}

function findingFits(finding, word, isStack) {
  const has = text => text.toLowerCase().includes(word);
  return finding.kind.includes(word) || has(finding.message) || has(finding.operation) ||
    finding.moments.some(of => of && (isStack[of.stack] || has(of.name)));
}

function fitter(word) {
  const number = /^#?\d+$/.test(word) ? Number(word.replace("#", "")) : null;
  if (number !== null) {
    const isIt = of => of.value === number || (!word.startsWith("#") && of.process.id === number);
    return {life: isIt, finding: finding => isIt(finding) || finding.other?.value === number};
  }
  const isStack = stacksWith(word);
  return {life: life => lifeFits(life, word, isStack), finding: finding => findingFits(finding, word, isStack)};
}

function search(text, onlyBlamed) {
  const fitters = text.toLowerCase().split(/\s+/).filter(word => word).map(fitter);
  const foundFindings = findings.filter(finding =>
    !hiddenKinds.has(finding.kind) && fitters.every(each => each.finding(finding)));
  const foundLives = lives.filter(life =>
    (!onlyBlamed || life.findings) && fitters.every(each => each.life(life)));
  const all = new Set(foundLives);
  // What a finding is about is shown with it.
  for (const finding of fitters.length || onlyBlamed ? foundFindings : [])
    for (const life of [finding.life, finding.other])
      if (life)
        all.add(life);
  shown = {lives: [...all], findings: foundFindings, hasLife: life => all.has(life)};
}
