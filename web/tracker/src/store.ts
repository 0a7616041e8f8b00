/** The browser's storage, shared by all tabs of the shop; memory where it is blocked or full. */

const PREFIX = "_ff.";
const memory: Record<string, string> = {};
let disk = memory;
try {
  disk = localStorage as unknown as Record<string, string>;
} catch {
  // storage is blocked: this page keeps its own copy in memory
}

export const get = (name: string): string | undefined => memory[PREFIX + name] ?? disk[PREFIX + name];

export const set = (name: string, value: string): void => {
  try {
    disk[PREFIX + name] = value;
  } catch {
    memory[PREFIX + name] = value;
  }
};

export const remove = (name: string): void => {
  delete memory[PREFIX + name];
  delete disk[PREFIX + name];
};

/** The names that begin with `start`, in alphabetical order. */
export const names = (start: string): string[] =>
  [...new Set([...Object.keys(disk), ...Object.keys(memory)])]
    .filter((key) => key.startsWith(PREFIX + start))
    .map((key) => key.slice(PREFIX.length))
    .sort();
