/** The basket: kept in this browser, so that it is there on the next page and the next day. */

import { CURRENCY, lineOf, productOf } from "./catalogue.js";

const KEY = "shop.basket";
const read = () => JSON.parse(localStorage.getItem(KEY) ?? "{}");

const write = (quantities) => {
  localStorage.setItem(KEY, JSON.stringify(quantities));
  showCount();
};

/** The lines of the basket: product and quantity. */
export const lines = () =>
  Object.entries(read())
    .map(([id, quantity]) => ({ product: productOf(id), quantity }))
    .filter(({ product }) => product);

export const count = () => lines().reduce((sum, { quantity }) => sum + quantity, 0);

export const total = () =>
  Math.round(lines().reduce((sum, { product, quantity }) => sum + product.price * quantity * 100, 0)) / 100;

export const add = (product, quantity) => {
  const quantities = read();
  write({ ...quantities, [product.product_id]: (quantities[product.product_id] ?? 0) + quantity });
  footfall("productAdded", { ...lineOf(product, quantity), currency: CURRENCY });
};

export const change = (product, quantity) => {
  write({ ...read(), [product.product_id]: quantity });
};

export const remove = (product) => {
  const { [product.product_id]: quantity, ...others } = read();
  write(others);
  footfall("productRemoved", { ...lineOf(product, quantity), currency: CURRENCY });
};

export const empty = () => write({});

/** The basket as e-commerce events describe it. */
export const summary = () => ({
  total: total(),
  currency: CURRENCY,
  products: lines().map(({ product, quantity }) => lineOf(product, quantity)),
});

export const showCount = () => {
  const badge = document.querySelector("[data-basket-count]");
  badge.textContent = count();
  badge.closest("a").setAttribute("aria-label", `Basket, ${count()} ${count() === 1 ? "item" : "items"}`);
};

showCount();
