/** Pieces that several pages show. */

import { categoryName, coloursOf, pounds } from "./catalogue.js";

/** An element with attributes and children; texts become text, never markup. */
export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** The drawing of a product. */
export const drawing = (product) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `art.svg#${product.art}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("style", coloursOf(product));
  svg.append(use);
  return svg;
};

export const productUrl = (product) => `product.html?id=${product.product_id}`;

/** A product as a card that leads to its page. */
export const card = (product) =>
  make(
    "li",
    { class: "card" },
    make(
      "a",
      { href: productUrl(product), id: product.product_id, "data-footfall-hover": product.name },
      make("span", { class: "picture" }, drawing(product)),
      make("span", { class: "name" }, product.name),
      make("span", { class: "category" }, categoryName(product.category)),
      make("span", { class: "price" }, pounds(product.price)),
    ),
  );

/** Show a message, and have screen readers read it. */
export const announce = (text) => {
  document.querySelector("[role=status]").textContent = text;
};
