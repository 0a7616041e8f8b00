import "./basket.js";
import { pounds } from "./catalogue.js";
import { announce, make } from "./parts.js";

const REPORTED = "shop.reported";
const order = JSON.parse(sessionStorage.getItem("shop.order") ?? "null");

if (order) {
  document.querySelector("#number").textContent = order.order_id;
  document.querySelector("#total").textContent = pounds(order.total);
  document.querySelector("#lines").append(
    ...order.products.map(({ name, price, quantity }) =>
      make("li", {}, `${quantity} × ${name}`, make("span", {}, pounds(price * quantity))),
    ),
  );
  // A reload must not send a second order.
  if (sessionStorage.getItem(REPORTED) !== order.order_id) footfall("orderCompleted", order);
  sessionStorage.setItem(REPORTED, order.order_id);
} else {
  document.querySelector("#order").hidden = true;
}

document.querySelector("#feedback").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(event.currentTarget);
  footfall("feedback", given.get("text"), Number(given.get("rating")) || undefined);
  event.currentTarget.replaceChildren();
  announce("Thank you. Somebody will read it.");
});
