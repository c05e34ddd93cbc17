/** Lines that `started-promises.ts` finds (marked) and lines that it does not find. Never run. */
declare function ask(question: string): Promise<string[]>
declare function both(first: unknown, second: unknown): void

export async function oneAfterTheOther() {
  const first = ask('a') // found
  const second = ask('b')
  return [await second, await first]
}

export async function inOneExpression(some: boolean) {
  const first = some ? ask('a') : [] // found
  const second = ask('b')
  return both((await second).length, (await first).length)
}

export async function asAList(questions: string[]) {
  const asked = questions.map(ask)
  const answers: string[][] = []
  for (const each of asked) answers.push(await each) // found
  return answers
}

export async function aListLeftAlone(questions: string[]) {
  const asked = questions.map(ask) // found
  await ask('b')
  return Promise.all(asked)
}

export async function byDestructuring() {
  const [first] = [ask('a')] // found
  await ask('b')
  return first
}

export async function besideAnAwait() {
  both(ask('a'), await ask('b')) // found
  return [ask('a'), await ask('b')] // found
}

export async function neverLookedAt() {
  const first = ask('a') // found
  await ask('b')
  return () => first
}

export async function together() {
  const first = ask('a')
  const second = ask('b')
  return Promise.all([first, second])
}

export async function handled() {
  const first = ask('a').catch(() => [])
  const second = ask('b')
  second.catch(() => undefined)
  const settled = Promise.allSettled([ask('c')])
  await ask('d')
  return [await first, await second, await settled]
}

export async function oneAtATime() {
  const first = await ask('a')
  both(await ask('b'), ask('c'))
  const resolved = new Promise<void>(resolve => resolve())
  const later = async () => ask('d')
  await ask('e')
  return [first, await resolved, await later()]
}
