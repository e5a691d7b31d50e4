// ---- the data --------------------------------------------------------------------------------
// What page_data.c wrote, as objects that refer to each other.

const raw = JSON.parse(document.getElementById("data").textContent);
const texts = raw.texts;
const CLOSED = 1, DETACHED = 2, BORROWED = 4, OPEN_UNKNOWN = 8, ORDERLY = 16;

const processes = raw.processes.map(([id, parent, forked, began, ended, orderly, path, command], number) =>
  ({number, id, parent, forked: forked === 1, began, ended, orderly: orderly === 1,
    path: texts[path], command: texts[command] || texts[path], threads: []}));

const threads = raw.threads.map(([process, id, name], number) => {
  const thread = {number, process: processes[process], id, name: texts[name], lives: []};
  thread.process.threads.push(thread);
  return thread;
});

const eventTypes = /epoll|eventfd|timerfd|signalfd|inotify|fanotify|pidfd|userfaultfd|perf|memfd/;

// What a life is, for its colour.
function sort(type, label) {
  if (type === "stream" || type === "directory")
    return type;
  if (type !== "descriptor")
    return "other";
  if (/^pipe|^fifo/.test(label))
    return "pipe";
  if (/socket/.test(label) && label[0] !== "/")
    return "socket";
  if (label.startsWith("/dev/"))
    return "device";
  if (label[0] === "/")
    return "file";
  return eventTypes.test(label) ? "event" : "other";
}

// A copy begins with its process.  Times of a damaged trace may be in any order.
const lives = raw.lives.map((row, number) => {
  const [process, copyOf, bits, type, label, value, handle,
    opened, openedThread, openedStack, openedWith, closed, closedThread, closedStack, closedWith] = row;
  const start = copyOf >= 0 ? Math.max(processes[process].began, opened) : opened;
  return {number, process: processes[process], copyOf, type: texts[type] || "handle",
    label: texts[label], value, handle, sort: sort(texts[type], texts[label]),
    isClosed: (bits & CLOSED) !== 0, isDetached: (bits & DETACHED) !== 0,
    isBorrowed: (bits & BORROWED) !== 0, isUnseen: (bits & OPEN_UNKNOWN) !== 0,
    isOrderly: (bits & ORDERLY) !== 0, start, end: Math.max(start, closed), opened, closed,
    openedThread: threads[openedThread], openedStack, openedWith: texts[openedWith],
    closedThread: threads[closedThread], closedStack, closedWith: texts[closedWith],
    notes: null, findings: null, lane: null};
});

for (const [life, time, text] of raw.notes)
  (lives[life].notes ??= []).push({time, text: texts[text]});

// The order of a finding's moments in the data.
const NOW = 0, OPENED = 1, CLOSED_BEFORE = 2, OTHER_OPENED = 3, OTHER_CLOSED = 4, HOLDER = 5;

function momentOf(row) {
  return row === 0 ? null : {thread: row[0], name: texts[row[1]], stack: row[2]};
}

const findings = raw.findings.map((row, number) => {
  const [thread, life, other, time, value, blamesOpener] = row.place;
  const finding = {...row, number, process: processes[row.process], thread: threads[thread],
    life: lives[life] ?? null, other: lives[other] ?? null, time, value,
    moments: row.moments.slice(1).map(momentOf)};
  finding.blamed = finding.moments[blamesOpener && finding.moments[OPENED] ? OPENED : NOW];
  for (const of of new Set([finding.life, finding.other]))
    if (of)
      (of.findings ??= []).push(finding);
  return finding;
});

// All lives that a number had in a process, in the order of time.
const numbers = new Map();
const numberOf = life => `${life.process.number} ${life.type} ${life.value}`;
for (const life of lives) {
  const key = numberOf(life);
  if (!numbers.has(key))
    numbers.set(key, []);
  numbers.get(key).push(life);
}
for (const list of numbers.values())
  list.sort((a, b) => a.start - b.start);

const traceEnd = Math.max(raw.trace.ns, 1);
