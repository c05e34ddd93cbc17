/**
 * Finds promises that are started and left alone while another one is awaited. If the first one rejects meanwhile, its rejection is unhandled, and
 * Node calls that an unhandled rejection; so promises that start together are awaited together (`Promise.all`).
 *
 * The search goes by types, because a call does not show whether it answers a promise. Within one function it goes by the order of the text.
 */
import { isFunctionLikeDeclaration, type Node, SyntaxKind } from 'typescript/unstable/ast'
import type { Project, Type } from 'typescript/unstable/sync'

export interface StartedPromise {
  file: string
  line: number
  text: string
}

/** Of one file of the project. */
export function findStartedPromises({ program, checker }: Project, file: string): StartedPromise[] {
  const source = program.getSourceFile(file)
  if (source === undefined) throw new Error(`${file} is not of the project`)
  const found: StartedPromise[] = []
  const report = (node: Node): void => {
    const line = source.text.slice(0, node.getStart(source)).split('\n').length
    found.push({ file, line, text: node.getText(source).split('\n')[0]! })
  }
  const types = typesOf(checker)
  for (const body of bodiesOf(source)) {
    for (const started of startedIn(body))
      if (isLeftAlone(started, body) && types.mayReject(started.name)) report(started.declaration)
    for (const node of within(body)) if (awaitsOneByOne(node, types) || startsBesideAwait(node, types)) report(node)
  }
  return found
}

interface Types {
  isPromise(node: Node): boolean
  isListOfPromises(node: Node): boolean
  /** Either of both. */
  mayReject(node: Node): boolean
}

function typesOf(checker: Project['checker']): Types {
  const promises = new Map<Type, boolean>()
  const partsOf = (type: Type): readonly Type[] => (type.isUnionType() ? (type.getTypes() ?? []) : [type])
  const isPromiseType = (type: Type): boolean => {
    const known = promises.get(type)
    if (known !== undefined) return known
    const isOne = partsOf(type).some(part => checker.getPropertyOfType(part, 'then') !== undefined)
    promises.set(type, isOne)
    return isOne
  }
  const isListType = (type: Type): boolean =>
    partsOf(type).some(
      part =>
        checker.isArrayLikeType(part) && part.isTypeReference() && checker.getTypeArguments(part).some(isPromiseType),
    )
  const has = (node: Node, is: (type: Type) => boolean): boolean => {
    const type = checker.getTypeAtLocation(node)
    return type !== undefined && is(type)
  }
  return {
    isPromise: node => has(node, isPromiseType),
    isListOfPromises: node => has(node, isListType),
    mayReject: node => has(node, type => isPromiseType(type) || isListType(type)),
  }
}

/** Every function's body, and the file itself: what suspends at an await is one of them. */
function* bodiesOf(root: Node): Generator<Node> {
  yield root
  for (const node of descendants(root)) if (isFunctionLikeDeclaration(node)) yield node
}

function* descendants(root: Node): Generator<Node> {
  for (const child of childrenOf(root)) {
    yield child
    yield* descendants(child)
  }
}

/** The nodes of a body, those of functions in it left out. */
function* within(body: Node): Generator<Node> {
  for (const child of childrenOf(body)) {
    yield child
    if (!isFunctionLikeDeclaration(child)) yield* within(child)
  }
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  node.forEachChild(child => void children.push(child))
  return children
}

interface Started {
  name: Node
  declaration: Node
}

/** Variables that are given a value which may be a promise, or a list of them. */
function* startedIn(body: Node): Generator<Started> {
  for (const node of within(body)) {
    const { name, initializer } = node as { name?: Node; initializer?: Node }
    if (node.kind !== SyntaxKind.VariableDeclaration || name === undefined || initializer === undefined) continue
    if (neverRejects(initializer)) continue
    if (initializer.kind === SyntaxKind.AwaitExpression || isFunctionLikeDeclaration(initializer)) continue
    const names = name.kind === SyntaxKind.Identifier ? [name] : bound(name)
    for (const each of names) yield { name: each, declaration: node }
  }
}

const bound = (pattern: Node): Node[] => [...descendants(pattern)].filter(node => node.kind === SyntaxKind.Identifier)

/** Whether the body awaits something before it first comes back to the variable. */
function isLeftAlone({ name, declaration }: Started, body: Node): boolean {
  const suspensions = [...within(body)].filter(node => isSuspension(node) && node.pos >= declaration.end)
  if (suspensions.length === 0) return false
  const first = Math.min(...suspensions.map(node => (isAwaited(node) ? node.end : node.pos)))
  const text = name.getText()
  const isUse = (node: Node) =>
    node.pos >= declaration.end && node.kind === SyntaxKind.Identifier && node.getText() === text
  const firstUse = [...descendants(body)].find(isUse)
  return firstUse === undefined || first <= firstUse.pos
}

function isSuspension(node: Node): boolean {
  if (node.kind === SyntaxKind.AwaitExpression) return true
  return node.kind === SyntaxKind.ForOfStatement && (node as { awaitModifier?: Node }).awaitModifier !== undefined
}

/** `for (const each of promises) await each` */
function awaitsOneByOne(node: Node, types: Types): boolean {
  const { expression } = node as { expression?: Node }
  if (node.kind !== SyntaxKind.ForOfStatement || expression === undefined) return false
  return [...within(node)].some(isAwaited) && types.isListOfPromises(expression)
}

const LISTS = new Set([
  SyntaxKind.ArrayLiteralExpression,
  SyntaxKind.CallExpression,
  SyntaxKind.ObjectLiteralExpression,
])

/** `f(start(), await other())` */
function startsBesideAwait(node: Node, types: Types): boolean {
  if (!LISTS.has(node.kind)) return false
  const parts = childrenOf(node)
  const awaiting = parts.findLastIndex(
    part => isAwaited(part) || (!isFunctionLikeDeclaration(part) && [...within(part)].some(isAwaited)),
  )
  return parts.slice(0, Math.max(0, awaiting)).some(part => startsPromise(part, types))
}

const isAwaited = (node: Node): boolean => node.kind === SyntaxKind.AwaitExpression

function startsPromise(part: Node, types: Types): boolean {
  if (isFunctionLikeDeclaration(part)) return false
  const value =
    part.kind === SyntaxKind.PropertyAssignment ? (part as unknown as { initializer: Node }).initializer : part
  return value.kind === SyntaxKind.CallExpression && !neverRejects(value) && types.isPromise(value)
}

/** A promise with a handler of its own rejections, one that collects them, or one that is made without a way to reject. */
function neverRejects(node: Node): boolean {
  const text = node.getText().replace(/\s+/g, ' ')
  if (/^Promise\.(allSettled|resolve)\(/.test(text) || /^new Promise(<[^(]*>)?\(\(?\w*\)? =>/.test(text)) return true
  const { expression, arguments: given } = node as { expression?: Node; arguments?: readonly Node[] }
  if (node.kind !== SyntaxKind.CallExpression || expression?.kind !== SyntaxKind.PropertyAccessExpression) return false
  const { name } = expression as unknown as { name: Node }
  if (name.getText() === 'finally') return neverRejects((expression as unknown as { expression: Node }).expression)
  return name.getText() === 'catch' || (name.getText() === 'then' && given?.length === 2)
}
