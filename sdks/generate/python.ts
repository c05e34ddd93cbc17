/** The flat part of the kit for Python: operations, models, codes, and the calls, at once and awaited. */
import { type Field, type Model, type Operation, snake, type Type } from './model.ts'
import { eachName, isInKits, type Part, partsOf, singleLine } from './parts.ts'
import { modelsFile } from './python-models.ts'
import { attribute, filled, HEADER, pythonType, shapeOf, WIDTH, wrapped } from './python-text.ts'

/** An item of a batch, which may also be an event of a generated type. */
const EMIT = 'EmitCustomEventInput'

export function pythonFiles(model: Model): Record<string, string> {
  const operations = model.operations.filter(isInKits)
  return {
    'sdks/python/src/clarion/operations.py': operationsFile(operations),
    'sdks/python/src/clarion/models.py': modelsFile(model),
    'sdks/python/src/clarion/codes.py': codesFile(model),
    'sdks/python/src/clarion/resources.py': resourcesFile(operations),
    'sdks/python/src/clarion/async_resources.py': asyncResourcesFile(operations),
  }
}

const constant = ({ id }: Operation): string => snake(id).toUpperCase()

function operationsFile(operations: readonly Operation[]): string {
  const rows = operations.map(operation => {
    const key = keyPlaces(operation)
    const more = [
      ...(operation.repeat === 'always' ? [] : [`repeat="${operation.repeat}"`]),
      ...(operation.answer === 'data' ? [] : [`answer="${operation.answer}"`]),
      ...(key === '' ? [] : [`key="${key}"`]),
      ...namesOf('ids', operation.pathParameters),
      ...namesOf(
        'query',
        operation.query.map(each => each.name),
      ),
      ...namesOf('shape', shapeOfAnswer(operation)),
      ...namesOf('body', operation.body?.fields?.map(each => each.name) ?? (operation.body === undefined ? [] : ['*'])),
    ]
    const path = operation.path.replace(/\{\w+\}/g, '{}')
    const facts = [`"${operation.id}"`, `"${operation.method}"`, `"${path}"`, ...more]
    return `${constant(operation)} = Operation(${facts.join(', ')})`
  })
  return `${HEADER}"""The table of operations: method, path, and how a call is repeated."""\n\nfrom ._policy import Operation\n\n${rows.join('\n')}\n`
}

const namesOf = (where: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${where}="${names.join(' ')}"`]

/** Where an idempotency key goes. */
export function keyPlaces({ repeat, body, takesIdempotencyKey }: Operation): string {
  if (repeat !== 'keyed') return ''
  if (body?.fields?.some(({ name }) => name === 'items') === true) return 'items'
  const inBody = body?.fields?.some(({ name }) => name === 'idempotencyKey') === true
  return [...(inBody ? ['body'] : []), ...(takesIdempotencyKey ? ['header'] : [])].join(' ')
}

function codesFile({ codes }: Model): string {
  const classes = codes.map(code => `class ${pascal(code)}(ClarionApiError, code="${code}"): ...`)
  return `${HEADER}"""One class for each code of the API."""\n\nfrom ._errors import ClarionApiError\n\n\n${classes.join('\n')}\n`
}

const pascal = (code: string) => code.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

function resourcesFile(operations: readonly Operation[]): string {
  return `${HEADER}"""The calls. Optional parameters that are left out are not sent; None is sent as null."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import operations
from ._calls import each_of
from ._core import Core, Part
from ._json import NOT_GIVEN, Opt
from ._policy import Options, Page
from ._typed import TypedEvent

if TYPE_CHECKING:
    from . import models


${partsOf(operations).map(partClass).join('\n\n')}
`
}

/** The calls of the other file, below a core that is awaited. */
function asyncResourcesFile(operations: readonly Operation[]): string {
  return `${HEADER}"""The calls, awaited: each is that of the same name in resources.py."""

from __future__ import annotations

from . import resources
from ._calls import awaited, iterated
from ._core import AsyncCore, AsyncPart

${partsOf(operations).map(asyncClass).join('\n')}
`
}

function partClass(part: Part): string {
  const gap = part.parts.length > 0 && part.calls.length > 0 ? [''] : []
  return [...headOf(part, ''), ...gap, part.calls.flatMap(methodsOf).join('\n\n')].join('\n').trimEnd()
}

function asyncClass(part: Part): string {
  const calls = part.calls.flatMap(operation => {
    const names = [`awaited ${attribute(operation.call.at(-1)!)}`]
    return operation.isPaged ? [...names, `iterated ${attribute(eachName(operation))}`] : names
  })
  const rows = calls.map(each => {
    const [form, name] = each.split(' ')
    return `    ${name} = ${form}(resources.${className(part.path, '')}.${name})`
  })
  const gap = part.parts.length > 0 && rows.length > 0 ? [''] : []
  return ['', ...headOf(part, 'Async'), ...gap, ...rows].join('\n')
}

const headOf = ({ path, parts }: Part, prefix: string): string[] => [
  `class ${className(path, prefix)}(${prefix}Part):`,
  ...(parts.length === 0
    ? []
    : [`    def __init__(self, core: ${prefix}Core) -> None:`, '        super().__init__(core)']),
  ...parts.map(name => `        self.${attribute(name)} = ${className([...path, name], prefix)}(core)`),
]

const className = (path: readonly string[], prefix: string): string =>
  prefix + (path.length === 0 ? 'Root' : path.map(each => each.replace(/^./, first => first.toUpperCase())).join(''))

function methodsOf(operation: Operation): string[] {
  const name = attribute(operation.call.at(-1)!)
  if (operation.page === undefined) return [callMethod(operation, name)]
  const list = listMethod(operation, name)
  return [operation.page === 'log' ? list : `${list}\n    ${attribute(eachName(operation))} = each_of(${name})`]
}

function callMethod(operation: Operation, name: string): string {
  const { data, answer } = operation
  const result = answer === 'text' ? 'str' : data === undefined ? 'Any' : pythonType(data, 'answer', 'models.')
  return method(operation, name, result, 'call')
}

const listMethod = (operation: Operation, name: string): string =>
  method(operation, name, `Page[${pythonType(itemOf(operation), 'answer', 'models.')}]`, 'page')

const itemOf = ({ data }: Operation): Type => (data?.kind === 'list' ? data.of : { kind: 'any' })

const shapeOfAnswer = (operation: Operation): string[] => {
  const { page, data } = operation
  const shape = page !== undefined ? shapeOf(itemOf(operation)) : data === undefined ? '' : shapeOf(data)
  return shape === '' ? [] : [shape]
}

function method(operation: Operation, name: string, result: string, form: 'call' | 'page'): string {
  const parameters = [
    'self',
    ...operation.pathParameters.map(each => `${attribute(each)}: str`),
    ...keywordsOf(operation),
  ]
  const head = wrapped(`def ${name}(`, parameters, `) -> ${result}:`, 4)
  const lines = [
    docstring(operation.summary, 8),
    `return self._core.${form}(operations.${constant(operation)}, locals())`,
  ]
  return [`    ${head}`, ...lines.map(line => `        ${line}`)].join('\n')
}

function docstring(summary: string, indent: number): string {
  const lines = filled(singleLine(summary).split(' '), WIDTH - indent - 6)
  const inner = lines.join(`\n${' '.repeat(indent)}`)
  return `"""${inner}"""`
}

function keywordsOf({ body, query }: Operation): string[] {
  const options = 'request_options: Options = None'
  const bodyFields = body?.fields ?? []
  const whole =
    body !== undefined && body.fields === undefined ? [`body: ${pythonType(body.type, 'input', 'models.')}`] : []
  const all = [...bodyFields, ...query]
  const payload = bodyFields.find(isPayload)
  // An emit also takes an event of a generated type, which has name and payload.
  const isTyped = payload?.required === true && bodyFields.some(({ name }) => name === 'name')
  const event = isTyped ? ['typed_event: Opt[TypedEvent] = NOT_GIVEN'] : []
  const shown = all.filter(each => each !== payload).map(each => (isTyped ? { ...each, required: false } : each))
  const required = shown.filter(each => each.required).map(each => `${attribute(each.name)}: ${inputType(each)}`)
  const optional = shown
    .filter(each => !each.required)
    .map(each => `${attribute(each.name)}: Opt[${inputType(each)}] = NOT_GIVEN`)
  const exact =
    payload === undefined
      ? []
      : [`payload: Opt[${inputType(payload)}] = NOT_GIVEN`, 'payload_json: Opt[str | bytes] = NOT_GIVEN']
  return [...whole, ...event, '*', ...required, ...exact, ...optional, options]
}

/** Can be given as JSON text too, which is sent as it is. */
const isPayload = ({ name, type }: Field): boolean =>
  name === 'payload' && (type.kind === 'object' || type.kind === 'any')

const inputType = ({ type, nullable }: Field): string => {
  if (type.kind === 'list' && type.of.kind === 'named' && type.of.name === EMIT)
    return `Sequence[models.${EMIT} | TypedEvent]`
  const text = pythonType(type, 'input', 'models.')
  return nullable && text !== 'Any' ? `${text} | None` : text
}
