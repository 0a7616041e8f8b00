import "./basket.js";
import { CATEGORIES, PRODUCTS } from "./catalogue.js";
import { card, drawing, make } from "./parts.js";

document.querySelector("#popular").append(...PRODUCTS.slice(0, 8).map(card));

document.querySelector("#categories").append(
  ...CATEGORIES.map(([slug, name]) =>
    make(
      "li",
      {},
      make(
        "a",
        { href: `search.html?category=${slug}` },
        make("span", { class: "picture" }, drawing(PRODUCTS.find((product) => product.category === slug))),
        name,
      ),
    ),
  ),
);
