/** The flow of the comparison: three steps, each durable, that compute, or that ask a stub. `step` is the peer's own. */

export const noop = async ({ orderId, amount }, step) => {
  const one = await step('one', async () => orderId)
  const two = await step('two', async () => amount >= 0)
  return step('three', async () => (two ? { order: one } : null))
}

export async function asking({ orderId }, step) {
  for (const name of ['one', 'two', 'three']) await step(name, () => ask(orderId))
  return { order: orderId }
}

async function ask(orderId) {
  const answer = await fetch(process.env.STUB_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId }),
  })
  if (!answer.ok) throw new Error(`the stub answered ${answer.status}`)
  return answer.json()
}
