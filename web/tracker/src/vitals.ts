/** How quickly a page showed itself and answered, by the browser's own measurements: web.dev/articles/vitals. */

type Entry = PerformanceEntry & { value: number; hadRecentInput: boolean; interactionId: number };
type Vitals = { lcp?: number; ttfb?: number; inp?: number | undefined; cls?: number | undefined };

const SHORTEST = 40;
const MOST_INTERACTIONS = 10;
const WINDOW = { gap: 1000, longest: 5000 };

const clock = performance as Performance & { interactionCount?: number };
const flushes: (() => void)[] = [];
let load: Vitals = {};
let loading = !document.hidden;
let shifts: { worst: number; sum: number; first: number; last: number } | undefined;
let slowest = new Map<number, number>();
let before = 0;

const observe = (type: string, take: (entry: Entry) => void): boolean => {
  if (!window.PerformanceObserver?.supportedEntryTypes?.includes(type)) return false;
  const each = (entries: PerformanceEntryList): void => (entries as Entry[]).forEach(take);
  const observer = new PerformanceObserver((list) => each(list.getEntries()));
  observer.observe({ type, buffered: true, durationThreshold: SHORTEST } as PerformanceObserverInit);
  flushes.push(() => each(observer.takeRecords()));
  return true;
};

/** Since the page could be seen: one that was prerendered began before. */
const sinceSeen = (moment: number): number => {
  const [navigation] = performance.getEntriesByType("navigation") as { activationStart?: number }[];
  return Math.round(Math.max(0, moment - (navigation?.activationStart ?? 0)));
};

/** Of all shifts, the window that shifted most: shifts less than a second apart, five seconds at most. */
const shift = ({ value, startTime, hadRecentInput }: Entry): void => {
  if (hadRecentInput || !shifts) return;
  const same = startTime - shifts.last < WINDOW.gap && startTime - shifts.first < WINDOW.longest;
  if (!same) shifts.first = startTime;
  shifts.last = startTime;
  shifts.sum = same ? shifts.sum + value : value;
  shifts.worst = Math.max(shifts.worst, shifts.sum);
};

/** Of the interactions, the slowest ten: what follows is told by the worst, one in fifty left out. */
const interact = ({ interactionId, duration }: Entry): void => {
  if (!interactionId) return;
  slowest.set(interactionId, Math.max(duration, slowest.get(interactionId) ?? 0));
  if (slowest.size > MOST_INTERACTIONS) slowest.delete([...slowest].sort((one, other) => one[1] - other[1])[0]![0]);
};

const noShifts = (): typeof shifts => ({ worst: 0, sum: 0, first: -1e9, last: -1e9 });

export const watchVitals = (): void => {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (navigation?.responseStart) load.ttfb = sinceSeen(navigation.responseStart);
  shifts = noShifts();
  if (!observe("layout-shift", shift)) shifts = undefined;
  observe("largest-contentful-paint", ({ startTime }) => loading && (load.lcp = sinceSeen(startTime)));
  observe("event", interact);
  observe("first-input", interact);
};

/** A page has gone: of those that follow without a load, nothing is known of loading. */
export const restartVitals = (): void => {
  flushes.forEach((flush) => flush());
  loading = false;
  load = {};
  slowest = new Map();
  before = clock.interactionCount ?? 0;
  shifts &&= noShifts();
};

/** What was measured of the page in view; a page that is hidden once paints no larger content that counts. */
export const vitals = (): Vitals | undefined => {
  flushes.forEach((flush) => flush());
  loading = false;
  const worst = [...slowest.values()].sort((one, other) => other - one);
  const count = (clock.interactionCount ?? before) - before;
  const found: Vitals = {
    ...load,
    inp: worst[Math.min(worst.length - 1, Math.floor(count / 50))],
    cls: shifts && Math.round(shifts.worst * 1e4) / 1e4,
  };
  return Object.values(found).some((value) => value !== undefined) ? found : undefined;
};
