/** The checkout. Nothing typed here leaves the page: this shop takes no payments. */

import { empty, lines, summary, total } from "./basket.js";
import { lineOf, pounds } from "./catalogue.js";
import { announce, make } from "./parts.js";

const form = document.querySelector("#checkout");
const PAYMENT_TIME = 500;

/** A customer number that holds nothing personal. */
const customerNumber = () => {
  const known = localStorage.getItem("shop.customer") ?? `C-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  localStorage.setItem("shop.customer", known);
  return known;
};

const pay = (event) => {
  event.preventDefault();
  const given = new FormData(form);
  if (given.has("account")) {
    footfall("identify", customerNumber(), { country: given.get("country"), newsletter: given.has("newsletter") });
  }
  footfall("paymentInfoEntered", { method: "card" });
  const order = { order_id: `SO-${Date.now().toString(36).toUpperCase()}`, ...summary(), country: given.get("country") };
  sessionStorage.setItem("shop.order", JSON.stringify(order));
  document.querySelector("#pay").disabled = true;
  announce("Paying…");
  setTimeout(() => {
    empty();
    location.assign(`confirmation.html?order=${order.order_id}`);
  }, PAYMENT_TIME);
};

if (lines().length) {
  document.querySelector("#summary").append(
    ...lines().map(({ product, quantity }) =>
      make("li", {}, `${quantity} × ${product.name}`, make("span", {}, pounds(lineOf(product).price * quantity))),
    ),
  );
  for (const place of document.querySelectorAll("[data-total]")) place.textContent = pounds(total());
  footfall("checkoutStarted", summary());
  form.addEventListener("submit", pay);
} else {
  location.replace("cart.html");
}
