/**
 * Events that wait to be sent. Each has a storage entry of its own, whose key is the time it is due and its id: tabs
 * never overwrite each other's, and an entry is removed only when the collector answered 2xx or refused it for good.
 */

import { get, names, remove, set } from "./store";

const MOST_WAITING = 1000;
const created = new Set<string>();

/** Put an event in the queue; returns its key. */
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

/** The keys of all events of all tabs, oldest first. */
export const waiting = (): string[] => names("q.");

/** The keys of what may be sent now. */
export const due = (): string[] => waiting().filter((name) => +name.split(".")[1]! <= Date.now());

/** Whether this page put it there. */
export const isOwn = (name: string): boolean => created.has(name);

/** Make what was delayed due now. */
export const release = (name: string): void => {
  const text = get(name);
  forget(name);
  if (text) enqueue(Date.now(), name.split(".")[2]!, text);
};
