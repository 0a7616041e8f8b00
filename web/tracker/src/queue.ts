/**
 * Events that wait to be sent. Each has a storage entry of its own, named by when it is due and by its id: tabs never
 * overwrite one another's, and an entry goes only when the collector has said 2xx (or that it will never take it).
 */

import { get, names, remove, set } from "./store";

const MOST_WAITING = 1000;
const created = new Set<string>();

/** Put an event in the queue; answers with the name of its place. */
export const enqueue = (due: number, eventId: string, text: string): string => {
  const name = `q.${due}.${eventId}`;
  created.add(name);
  set(name, text);
  waiting().slice(0, -MOST_WAITING).forEach(forget);
  return name;
};

export const forget = (name: string): void => {
  created.delete(name);
  remove(name);
};

/** The places of all events of all tabs, oldest first. */
export const waiting = (): string[] => names("q.");

/** The places of what may be sent now. */
export const due = (): string[] => waiting().filter((name) => +name.split(".")[1]! <= Date.now());

/** Whether this page put it there. */
export const isOwn = (name: string): boolean => created.has(name);

/** Make due now what was held back. */
export const release = (name: string): void => {
  const text = get(name);
  forget(name);
  if (text) enqueue(Date.now(), name.split(".")[2]!, text);
};
