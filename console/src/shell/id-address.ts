/** From an id to its page, without asking the platform: the prefix says of what it is. */
const PAGES: ReadonlyArray<readonly [prefix: string, path: string]> = [
  ['evt_', '/events/'],
  ['cee_', '/emits/'],
  ['dlv_', '/deliveries/'],
  ['wh_', '/webhooks/'],
  ['rpl_', '/replays/'],
  ['ins_', '/inspectors/'],
  ['que_', '/queues/'],
  ['wf_', '/workflows/'],
  ['run_', '/runs/'],
  ['org_', '/organizations/'],
]

/** Undefined: the text is no id that has a page. */
export function addressOf(text: string): string | undefined {
  const id = text.trim()
  if (!/^[a-z]+_[0-9a-z]{10,}$/.test(id)) return undefined
  const page = PAGES.find(([prefix]) => id.startsWith(prefix))
  return page === undefined ? undefined : page[1] + id
}
