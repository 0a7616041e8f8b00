/** The tracker: what a shop can call as `footfall.track(…)`, or as `footfall("track", …)` before it has loaded. */

import { watchPeople } from "./capture";
import { leave, record, view, watchPages, type Fields } from "./page";
import { cut } from "./privacy";
import { somebody } from "./nobody";
import { allowed, forgetPerson, remember, setUser, user } from "./person";
import { sendAgain, sendOnExit, sendSoon } from "./sender";
import { watches, writeKey } from "./settings";

type Call = [name: string, ...args: unknown[]];
interface Footfall {
  (...call: Call): void;
  q?: Iterable<ArrayLike<unknown>>;
  track?: unknown;
}

declare global {
  interface Window {
    footfall?: Footfall;
  }
}

/** Segment's names; each is also a method, such as `footfall.productAdded(…)`. */
const COMMERCE =
  "Products Searched,Product List Viewed,Product Clicked,Product Viewed,Product Added,Product Removed,Cart Viewed," +
  "Checkout Started,Checkout Step Viewed,Checkout Step Completed,Shipping Info Entered,Payment Info Entered," +
  "Coupon Applied,Order Completed,Order Updated,Order Refunded,Order Cancelled";

const track = (event: string, properties?: Fields): void => {
  if (event) record("track", { event: cut("" + event, 256), properties });
};

/** Another person, or an unknown one, uses this browser from now on: what they do is a new visit. */
const reset = (): void => {
  leave();
  forgetPerson();
  if (watches("pageview")) view();
};

const methods: Record<string, (...args: any[]) => void> = {
  track,
  page: (fields?: Fields): void => view(fields),
  identify(id: unknown, traits?: Fields) {
    if (!allowed()) return;
    const name = cut(somebody(id) ?? "", 256);
    if (name) {
      if ((user() ?? name) !== name) reset();
      setUser(name);
    }
    if (name || traits) record("identify", { traits });
  },
  feedback: (text: string, rating?: number) => void record("feedback", { value: rating, properties: { text } }),
  consent(given: boolean) {
    const before = allowed();
    remember(given);
    if (!before && allowed() && watches("pageview")) view();
  },
  reset,
};
for (const name of COMMERCE.split(","))
  methods[name[0]!.toLowerCase() + name.slice(1).replace(/ /g, "")] = (properties) => track(name, properties);

/** An error in the tracker must never break the shop's page. */
const footfall: Footfall = (name, ...args) => {
  try {
    methods[name]!(...args);
  } catch (error) {
    console.warn("footfall:", name, error);
  }
};

const start = (): void => {
  watchPages();
  watchPeople();
  addEventListener("pagehide", () => {
    leave();
    sendOnExit();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sendAgain();
    if (watches("pageview")) view();
  });
  addEventListener("online", sendAgain);
  for (const call of earlier ?? []) footfall(...(Array.from(call) as Call));
  sendSoon();
};

const earlier = window.footfall?.q;
if (!writeKey) console.warn("footfall: the script has no data-key");
else if (!window.footfall?.track) {
  window.footfall = footfall;
  for (const name in methods) Object.assign(footfall, { [name]: (...args: unknown[]) => footfall(name, ...args) });
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
}
