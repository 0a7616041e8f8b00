/** The page in view: how it was reached, how long it has been looked at, and what is recorded on it. */

import { cleanUrl, cut } from "./privacy";
import { allowed, newId, session, SESSION_GAP, sessionOver, user, visitor } from "./person";
import { enqueue, forget, release, waiting } from "./queue";
import { sendNow, sendSoon } from "./sender";
import { hashRoutes, isExcluded, watches } from "./settings";
import { restartVitals, vitals } from "./vitals";

export type Fields = Record<string, unknown>;

const TITLE_DELAY = 300;

let open = false;
let url: string;
let path: string;
let hash: string;
let page: string;
let referrer = document.referrer;
let seenSince = 0;
let seen = 0;
let lastEvent = 0;
let held = "";
let arriving = 0;
let arrived = 0;
const openings: (() => void)[] = [];
const endings: (() => void)[] = [];

/** Do something whenever a page comes into view, and just before it goes. */
export const onPage = (opening: () => void, ending: () => void): void => {
  openings.push(opening);
  endings.push(ending);
};

/** The kind of device, by its pointer and the size of its screen: a narrow window on a desktop is no phone. */
const device = (): string =>
  matchMedia("(pointer:coarse)").matches ? (Math.min(screen.width, screen.height) < 600 ? "Mobile" : "Tablet") : "Desktop";

/** This moment in milliseconds; no two events of a page share one. */
const moment = (): number => (lastEvent = Math.max(Date.now(), lastEvent + 1));

/** Record one event; returns its key in the queue, or nothing when it may not be recorded. */
export const record = (eventType: string, fields: Fields = {}, at = 0, due = 0): string | undefined => {
  if (!allowed() || isExcluded(path) || isExcluded(hash.replace(/^#!?/, ""))) return;
  const isExit = eventType === "page_exit";
  if (open && !isExit && eventType !== "pageview" && sessionOver(Date.now())) view();
  const now = at || moment();
  const { id, utm } = session(now, isExit);
  const eventId = newId();
  const event = {
    eventType,
    eventId,
    visitorId: visitor(),
    userId: user(),
    sessionId: id,
    timestamp: new Date(now).toISOString(),
    url: cleanUrl(url),
    path: cut(path, 2000),
    title: cut(document.title, 500),
    referrer: cleanUrl(referrer) || undefined,
    device: device(),
    screenWidth: screen.width,
    attribution: utm && { utmParams: utm },
    ...fields,
  };
  const place = enqueue(due || now, eventId, JSON.stringify(event));
  sendSoon();
  return place;
};

/** Seconds, to the millisecond. */
export const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

/** What tells this page from others: its address, with what follows the # only where that is a page; `#/` is none. */
const identity = (): string =>
  hashRoutes ? location.href : location.href.replace(/#(?!(!\/?|\/)[^/]).*/, "");

const look = (): void => {
  ({ href: url, pathname: path, hash } = location);
  page = identity();
};
look();

/** A page comes into view. */
export const view = (fields?: Fields, at?: number): void => {
  clearTimeout(arriving);
  arriving = 0;
  leave();
  seen = 0;
  runClock();
  look();
  open = !!record("pageview", fields, at);
  openings.forEach((opening) => opening());
};

const exit = (due?: number): string | undefined => {
  endings.forEach((ending) => ending());
  return watches("exit") ? record("page_exit", { duration: seconds(seen), vitals: vitals() }, 0, due) : undefined;
};

const runClock = (): void => {
  seenSince = document.hidden ? 0 : performance.now();
};

const pauseClock = (): void => {
  if (seenSince) seen += performance.now() - seenSince;
  seenSince = 0;
};

/** The page is left: record how long it was looked at. */
export const leave = (): void => {
  if (arriving) arrive();
  if (!open) return;
  open = false;
  pauseClock();
  if (held) release(held);
  else exit();
  held = "";
  restartVitals();
};

/** The page is hidden and may never be seen again: its exit is stored, to be sent once the session is over. */
const cover = (): void => {
  if (!open) return;
  pauseClock();
  held = exit(Date.now() + SESSION_GAP) ?? "";
  sendNow();
};

/** The page is visible again: the visit goes on, or a new one begins. */
const uncover = (): void => {
  if (!open) return;
  if (sessionOver(Date.now()) || (held && !waiting().includes(held))) return view();
  if (held) forget(held);
  held = "";
  runClock();
};

const arrive = (): void => view({}, arrived);

/** The address has changed without a load: the new page counts from now, once its title has had time to follow. */
const move = (): void => {
  if (identity() === page) return;
  if (!arriving) leave();
  restartVitals();
  referrer = url;
  look();
  arrived = moment();
  clearTimeout(arriving);
  arriving = window.setTimeout(arrive, TITLE_DELAY);
};

export const watchPages = (): void => {
  document.addEventListener("visibilitychange", () => (document.hidden ? cover() : uncover()));
  if (!watches("pageview")) return;
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (this: History, ...args) {
      original.apply(this, args);
      move();
    };
  }
  addEventListener("popstate", move);
  addEventListener("hashchange", move);
  view();
};
