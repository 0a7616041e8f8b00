// Says with Segment's Node SDK what tests/flow/test_segment_sdks.py has its Python SDK say; prints the ids of the messages.
import { Analytics } from '@segment/analytics-node'

const [host, writeKey, tracks] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushInterval: 100, maxRetries: 5 })
const ids = []
const failures = []
const noted = (failed, context) => {
  ids.push(context.event.messageId)
  if (failed) failures.push(String(failed))
}
analytics.on('error', (error) => failures.push(String(error.reason ?? error)))

analytics.identify({ userId: 'ann', anonymousId: 'visitor', traits: { email: 'ann@example.com' } }, noted)
analytics.page({ anonymousId: 'visitor', name: 'Home', properties: { url: 'https://shop.example/', title: 'Shop' } }, noted)
analytics.screen({ userId: 'ann', name: 'Basket', properties: { items: 2 } }, noted)
analytics.group({ userId: 'ann', groupId: 'g1', traits: { plan: 'gold' } }, noted)
analytics.alias({ userId: 'ann', previousId: 'before' }, noted)
const products = [{ product_id: 'p', price: 12.5, quantity: 2 }]
analytics.track({ userId: 'ann', event: 'Order Completed', properties: { order_id: 'o1', total: 25, currency: 'EUR', products } }, noted)
for (let number = 0; number < Number(tracks); number += 1) {
  analytics.track({ userId: 'ann', event: 'Lamp Lit', properties: { number, 'größe': 'groß' } }, noted)
}
await analytics.closeAndFlush({ timeout: 60_000 })
console.log(JSON.stringify({ ids, failures }))
