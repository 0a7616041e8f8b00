/** Sends events to the collector: in batches, retried until they are accepted, by beacon when the page is left. */

import { allowed } from "./person";
import { due, forget, isOwn } from "./queue";
import { collector, writeKey } from "./settings";
import { get, set } from "./store";

const MOST_EVENTS = 500;
const MOST_BYTES = 6e4; // browsers let 64 KiB outlive a page
const SOON = 2000;
const LONGEST_BACKOFF = 3e5;
const LONGEST_WAIT = 36e5;
const TIMEOUT = 3e4;
const SETTLE = 300;

let timer = 0;
let failures = 0;
let most = MOST_EVENTS;
let busy = false;
let leaving = false;
let flying: string[] = [];

interface Answer {
  rejected?: { code: string; message: string }[];
}

/** Send within two seconds, or when a running back-off allows it. */
export const sendSoon = (delay = SOON): void => {
  timer ||= window.setTimeout(sendNow, delay);
};

/** Send what is due, unless the collector asked to wait; one tab at a time where the browser has locks. */
export const sendNow = (): void => {
  clearTimeout(timer);
  timer = 0;
  if (busy || leaving || !allowed() || !due()[0]) return;
  const wait = patience();
  if (wait) return sendSoon(wait + Math.random() * 1000);
  if (!navigator.locks) return void drain();
  navigator.locks.request("_ff", { ifAvailable: true }, (lock) => (lock ? drain().then(settle) : sendSoon())).catch(drain);
};

/** Tabs see each other's storage a little late: the next one shall not find what was sent still there. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE));

const patience = (): number => {
  const wait = +(get("r") ?? 0) - Date.now();
  return wait > 0 && wait < LONGEST_WAIT ? wait : 0;
};

const drain = async (): Promise<void> => {
  busy = true;
  for (let names = batch(); names[0] && !leaving; names = batch()) if (!(await deliver(names))) break;
  busy = false;
};

/** The keys of the next events that go into one request. */
const batch = (unwanted: string[] = []): string[] => {
  let bytes = 0;
  const names = due().filter((name) => !unwanted.includes(name));
  const end = names.findIndex((name, index) => {
    bytes += new Blob([get(name)!]).size + 1;
    return index && (bytes > MOST_BYTES || index >= most);
  });
  return end < 0 ? names : names.slice(0, end);
};

const body = (names: string[]): string =>
  `{"writeKey":${JSON.stringify(writeKey)},"sentAt":"${new Date().toISOString()}","batch":[${names.map(get).filter(Boolean)}]}`;

/** Send these; false when it is better to stop for now. */
const deliver = async (names: string[]): Promise<boolean> => {
  // Other scripts may have used up the browser's limit for keepalive: a second attempt does without it.
  const keepalive = !failures;
  if (keepalive) flying = names;
  let answer: Response | undefined;
  try {
    answer = await fetch(collector, {
      method: "POST",
      body: body(names),
      credentials: "omit",
      keepalive,
      signal: AbortSignal.timeout?.(TIMEOUT) ?? null,
    });
  } catch {
    // no answer counts as 503
  }
  flying = [];
  const status = answer?.status ?? 503;
  if (status === 413 && names[1]) {
    most = names.length >> 1;
    return true;
  }
  if (status === 429 || status >= 500) return postpone(+(answer?.headers.get("retry-after") ?? 0) * 1000);
  names.forEach(forget);
  failures = 0;
  most = MOST_EVENTS;
  tell(names.length, answer!);
  return true;
};

const postpone = (asked: number): false => {
  if (asked > 0) set("r", "" + (Date.now() + asked));
  clearTimeout(timer);
  timer = 0;
  sendSoon(asked || Math.min(LONGEST_BACKOFF, 1000 * 2 ** failures++) * (0.5 + Math.random() / 2));
  return false;
};

/** Warn on the console of events that were refused. */
const tell = async (sent: number, answer: Response): Promise<void> => {
  if (!answer.ok) return console.warn(`footfall: ${sent} events refused with ${answer.status}`);
  const rejected = ((await answer.json().catch(() => ({}))) as Answer).rejected;
  if (rejected?.[0]) console.warn("footfall: events rejected", rejected);
};

/** The page is left: give the browser what is not being sent yet. It stays queued until an answer is 2xx. */
export const sendOnExit = (): void => {
  leaving = true;
  if (!allowed() || patience()) return;
  const names = batch([...flying, ...due().filter((name) => !isOwn(name))]);
  if (!names[0] || navigator.sendBeacon(collector, body(names))) return;
  fetch(collector, { method: "POST", body: body(names), credentials: "omit", keepalive: true }).catch(() => 0);
};

/** The page is back, or the network. */
export const sendAgain = (): void => {
  leaving = false;
  failures = 0;
  sendNow();
};
