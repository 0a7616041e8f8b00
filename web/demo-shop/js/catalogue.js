/** What the shop sells. Prices in pounds; the ids are those of the simulated shop (`footfall simulate`). */

export const CURRENCY = "GBP";

export const CATEGORIES = [
  ["kitchen", "Kitchen"],
  ["lighting", "Lighting"],
  ["garden", "Garden"],
  ["toys", "Toys"],
  ["stationery", "Stationery"],
  ["home", "Home"],
  ["bags", "Bags"],
  ["christmas", "Christmas"],
];

const product = (product_id, name, category, price, art, about) => ({ product_id, name, category, price, art, about });

export const PRODUCTS = [
  product("TOY-017", "Painted Spinning Top", "toys", 12.99, "spinning-top", "Turned from lime wood and painted by hand. Spins for two minutes on a good table."),
  product("GAR-003", "Vintage Watering Can", "garden", 12.99, "watering-can", "Three litres, a long spout for the back of the bed, and a handle that does not bite."),
  product("TOY-003", "Vintage Train Set", "toys", 17.99, "train-set", "An engine, two carriages and a loop of beech track. Runs on imagination."),
  product("KIT-018", "Painted Jug", "kitchen", 25.49, "jug", "Stoneware with a painted band. Holds a litre of lemonade, or a fistful of tulips."),
  product("STA-004", "Retrospot Greeting Cards", "stationery", 5.49, "greeting-cards", "Eight cards with envelopes, blank inside, for whatever needs saying."),
  product("GAR-005", "Vintage Wind Chime", "garden", 31.99, "wind-chime", "Four tuned pipes and a wooden sail. Sounds like a slow afternoon."),
  product("HOM-007", "Rustic Cushion", "home", 22.99, "cushion", "Heavy linen with a feather inside. The cover comes off and goes in the wash."),
  product("CHR-016", "Classic Garland", "christmas", 4.99, "garland", "Two metres of felt flags that fold away flat until next year."),
  product("CHR-003", "Retrospot Wreath", "christmas", 14.99, "wreath", "Evergreen that is evergreen: willow, felt leaves and red berries."),
  product("BAG-009", "Pastel Rucksack", "bags", 23.99, "rucksack", "Waxed cotton, a front pocket for keys, and room for a laptop and a loaf."),
  product("LIG-005", "Retrospot Shade", "lighting", 57.99, "shade", "Spun steel, enamelled outside and white within, for a warm pool of light."),
  product("BAG-016", "Painted Shopper", "bags", 15.99, "shopper", "A stout canvas bag that has never once split at the bus stop."),
  product("HOM-020", "Woven Throw", "home", 51.99, "throw", "Recycled wool, woven in Yorkshire, big enough for two on a small sofa."),
  product("TOY-004", "Vintage Kite", "toys", 20.99, "kite", "Ripstop nylon on ash spars. Flies in a breeze that barely moves a leaf."),
  product("STA-006", "Vintage Sticker Book", "stationery", 5.99, "sticker-book", "Two hundred stars, beasts and machines. Peels off most furniture."),
  product("LIG-016", "Painted Candle Holder", "lighting", 28.99, "candle-holder", "Cast iron with a painted dish that keeps the wax off the table."),
  product("KIT-013", "Classic Teapot", "kitchen", 9.99, "teapot", "Pours without a drip, which is all one asks of a teapot."),
  product("GAR-025", "Enamel Planter", "garden", 29.99, "planter", "Enamel over steel with a hole in the right place. For herbs, or one proud fern."),
  product("STA-002", "Retrospot Pen Set", "stationery", 6.99, "pen-set", "Three fine liners in ink that forgives a smudge."),
  product("KIT-017", "Classic Cake Tin", "kitchen", 15.99, "cake-tin", "A tin with a lid that shuts. Keeps a fruit cake until it is eaten."),
];

const COLOURS = [
  ["#c8553d", "#f2c14e", "#33413c"],
  ["#2f7d6d", "#e9c46a", "#264653"],
  ["#3d6fa5", "#f4a7a0", "#2b3a55"],
  ["#8a5a9e", "#f0c987", "#3b2b45"],
  ["#d98324", "#79a58a", "#4a3b2a"],
];

/** The colours a product is drawn in, as custom properties. */
export const coloursOf = (product) => {
  const [a, b, c] = COLOURS[PRODUCTS.indexOf(product) % COLOURS.length];
  return `--a:${a};--b:${b};--c:${c}`;
};

export const productOf = (id) => PRODUCTS.find((product) => product.product_id === id);
export const categoryName = (slug) => CATEGORIES.find(([known]) => known === slug)?.[1] ?? slug;
export const pounds = (amount) => new Intl.NumberFormat("en-GB", { style: "currency", currency: CURRENCY }).format(amount);

/** A product as e-commerce events describe it. */
export const lineOf = ({ product_id, name, category, price }, quantity = 1) => ({
  product_id,
  name,
  category: categoryName(category),
  price,
  quantity,
});
