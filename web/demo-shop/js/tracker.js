// Loads Footfall's tracker with the key and collector that `config.js` names; without them the shop works all the same.
{
  const { key, host } = window.FOOTFALL ?? {};
  if (key) {
    const script = document.createElement("script");
    script.src = "footfall.js";
    script.dataset.key = key;
    script.dataset.host = host;
    document.head.append(script);
  }
}
